import LanesOS
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

  /// One line per result, made while it is read.
  package var lines: some Sequence<Line> { (0..<count).lazy.flatMap { self.lines(of: $0) } }

  /// Inputs with a result that is there already, and that result.
  package var skippedFiles: some Sequence<(input: FilePath, output: FilePath)> {
    (0..<count).lazy.flatMap { index in
      self.results(index).filter { self.isSkipped(index, $0) }.map { (self.input(index), self.output(index, $0)) }
    }
  }

  private func exists(_ output: FilePath) -> Bool { (try? FileStatus.ifPresent(output)) ?? nil != nil }

  private func lines(of index: Int) -> [Line] {
    let input = input(index)
    if let failure = failure(index) {
      return [Line(input: input, output: nil, action: .fail(reason: failure.reason))]
    }
    return results(index).map { result in
      let output = output(index, result)
      if isSkipped(index, result) { return Line(input: input, output: output, action: .skip) }
      return Line(input: input, output: output, action: exists(output) ? .replace : .create)
    }
  }
}
