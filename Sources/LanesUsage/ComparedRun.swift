/// What `lanes compare` tells each run that it starts: one environment variable, `LANES_COMPARED_RUN`, such as
/// `parent=4711,record=3,cold`.
///
/// It is no option because it must not show among the words that a person compares, and because the runs are this
/// program with the person's own words. Whoever sets it by hand gets what a run of compare gets.
package struct ComparedRun: Equatable, Sendable {
  package static let variable = "LANES_COMPARED_RUN"

  /// The number of the process that compares. The run ends with it, even when it is killed.
  package let parent: Int32
  /// The run sends its record on this descriptor, the write end of a pipe, as `WireWriter.write(_: RunRecord)` has it.
  package let recordDescriptor: Int32
  /// The run drops its inputs from the page cache before it starts the clock.
  package let isCold: Bool

  package init(parent: Int32, recordDescriptor: Int32, isCold: Bool) {
    self.parent = parent
    self.recordDescriptor = recordDescriptor
    self.isCold = isCold
  }

  /// The variable's value.
  package var text: String { "parent=\(parent),record=\(recordDescriptor)" + (isCold ? ",cold" : "") }

  /// Reads a value of the variable; nil for what `text` cannot have written. A standard stream is no place for a
  /// record.
  package init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    func number(_ part: Substring, _ name: String) -> Int32? {
      part.hasPrefix(name + "=") ? Int32(part.dropFirst(name.count + 1)) : nil
    }
    guard (2...3).contains(parts.count), parts.count == 2 || parts[2] == "cold",
      let parent = number(parts[0], "parent"), parent > 0,
      let record = number(parts[1], "record"), record > 2
    else { return nil }
    self.init(parent: parent, recordDescriptor: record, isCold: parts.count == 3)
    guard self.text == text else { return nil }
  }
}
