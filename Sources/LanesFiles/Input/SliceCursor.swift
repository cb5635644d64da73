import LanesCore
import LanesOS
import SystemPackage

/// Cuts one regular file into slices.
///
/// Slices own the bytes, or the lines, that start between two multiples of the slice size; so slices that end anywhere end
/// at pages when that size is one, and a line longer than that is one slice.
struct SliceCursor {
  /// The slice that `next` gives.
  private(set) var task: FileTask
  private let file: FileSlice
  private var start: Int
  private let end: Int
  private let lines: LineFinder?

  /// Cuts the bytes of `file`, of which there is at least one.
  ///
  /// - Parameter lines: finds where lines of the file end; without it slices end anywhere.
  init(task: FileTask, file: FileSlice, lines: LineFinder?) {
    self.task = task
    self.file = file
    self.lines = lines
    start = file.offset
    end = file.offset + file.length
  }

  /// The next slice; not to be called behind the last.
  ///
  /// - Parameter longestLine: fails where a line has more bytes.
  mutating func next(sliceBytes: Int, longestLine: Int) throws(UnitFailure) -> (task: FileTask, file: FileSlice) {
    let begin = start
    // How far the next multiple is, without computing it: it may be too large for an integer.
    let boundary = begin + min(sliceBytes - begin % sliceBytes, end - begin)
    let stop = try lineEnd(atOrBehind: boundary, longestLine: longestLine)
    var slice = file
    slice.offset = begin
    slice.length = stop - begin
    var task = task
    task.isLast = stop == end
    start = stop
    self.task.slice += 1
    return (task, slice)
  }

  /// The first place from `boundary` on at which no line is cut.
  private func lineEnd(atOrBehind boundary: Int, longestLine: Int) throws(UnitFailure) -> Int {
    guard let lines, boundary < end else { return boundary }
    let limit = boundary + min(longestLine, end - boundary)
    do throws(SystemError) {
      if let found = try lines.firstLineEnd(in: boundary - 1..<limit) { return found + 1 }
    } catch {
      throw .unreadable(error)
    }
    guard limit == end else { throw .lineTooLong(longestLine) }
    return end
  }
}

extension UnitFailure {
  /// A line that does not fit into one unit.
  static func lineTooLong(_ limit: Int) -> UnitFailure {
    let remedy = limit < FilePlan.Settings.longestLine ? ": raise --memory" : ""
    return UnitFailure(
      .rejected, "it has a line of more than \(ByteCount.text(limit)), and lines are read whole\(remedy)")
  }
}
