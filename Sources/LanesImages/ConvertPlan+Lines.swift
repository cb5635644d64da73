import SystemPackage

extension ConvertPlan {
  /// What one unit of the plan is going to do, for a dry run.
  package struct Line: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
      case create
      /// An existing file is replaced.
      case replace
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
      case .fail(let reason): "\(input.forDisplay) fails: \(reason)"
      }
    }
  }

  /// One line per unit, made while it is read.
  package var lines: some Sequence<Line> { (0..<count).lazy.map { self.line($0) } }

  private func line(_ index: Int) -> Line {
    let input = input(index)
    if let failure = failure(index) {
      return Line(input: input, output: nil, action: .fail(reason: failure.reason))
    }
    let output = output(index)
    return Line(input: input, output: output, action: ConvertRequest.kind(of: output) == nil ? .create : .replace)
  }
}
