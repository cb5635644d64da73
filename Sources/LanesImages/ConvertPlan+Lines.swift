import SystemPackage

extension ConvertPlan {
  /// What one unit of the plan is going to do, for a dry run.
  package struct Line: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
      case create
      /// An existing file is replaced.
      case replace
      /// The result is there already.
      case skip
      case fail(reason: String)
    }
    package let input: FilePath
    /// nil for an input that fails.
    package let output: FilePath?
    package let action: Action

    /// Such as "a.png -> out/a.jpg", for a person.
    package var text: String {
      switch action {
      case .create: "\(input.forDisplay) -> \(output!.forDisplay)"
      case .replace: "\(input.forDisplay) -> \(output!.forDisplay) (replaces the file there)"
      case .skip: "\(input.forDisplay) is skipped: \(output!.forDisplay) is there"
      case .fail(let reason): "\(input.forDisplay) fails: \(reason)"
      }
    }
  }

  /// One line per unit, made while it is read.
  package var lines: some Sequence<Line> { (0..<count).lazy.map { self.line($0) } }

  /// Inputs whose results are there already, and those results.
  package var skippedFiles: some Sequence<(input: FilePath, output: FilePath)> {
    (0..<count).lazy.filter { self.isSkipped($0) }.map { (self.input($0), self.output($0)) }
  }

  private func line(_ index: Int) -> Line {
    let input = input(index)
    if let failure = failure(index) {
      return Line(input: input, output: nil, action: .fail(reason: failure.reason))
    }
    let output = output(index)
    if isSkipped(index) { return Line(input: input, output: output, action: .skip) }
    return Line(input: input, output: output, action: ConvertRequest.kind(of: output) == nil ? .create : .replace)
  }
}
