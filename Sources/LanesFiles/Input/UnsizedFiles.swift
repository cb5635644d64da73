import DequeModule
import LanesCore
import LanesOS

/// Files of a walk that the plan made units of without asking for their sizes, and those that turned out too large for one unit.
///
/// Asking each of 20,000 small files for its size took an eighth of the processor time of searching them. So once enough files in
/// a row were small, the next ones become units unasked. A unit whose file is larger gives nothing; the plan then cuts the file and
/// goes back to asking, and the fold (`UnsizedFold`) has what comes behind that file wait for its slices.
///
/// ```
///   asked ──`trust` small files in a row──▶ unasked
///     ▲ ──────────a larger one────────────────┘
/// ```
///
/// Plan and fold share it on the coordinating thread.
final class UnsizedFiles {
  /// Small files in a row after which the next ones are not asked.
  private let trust: Int
  private var smallInARow = 0
  /// Bytes of the largest of them.
  private var largest = 0
  /// Units under way of which it is not known whether their files fit.
  private var underWay = 0
  private var outgrown: Deque<FileTask> = []
  /// The last row that the plan was told to give nothing more of.
  var skipped: UInt32?
  /// Readable once the plan need not wait any longer.
  private let progress: Descriptor
  private var isRaised = false
  private var isAwaited = false

  init(trust: Int) throws(SystemError) {
    self.trust = trust
    progress = try Descriptor.event()
  }

  /// Bytes that the next file is expected to have, where it need not be asked.
  var expectedBytes: Int? { smallInARow >= trust ? largest : nil }

  /// True while a file that is larger may still be among those under way: what is asked from here on has to come behind it, and is
  /// not begun before.
  var mustWait: Bool { underWay > 0 && smallInARow < trust }

  /// Nothing is left for the plan to do.
  var isSettled: Bool { underWay == 0 && outgrown.isEmpty }

  /// A file has `size` bytes, of which one unit may have `limit`.
  func asked(_ size: Int, limit: Int) {
    guard size <= limit else { return distrust() }
    smallInARow += 1
    largest = max(largest, size)
  }

  private func distrust() { (smallInARow, largest) = (0, 0) }

  /// A file that was not asked became a unit.
  func began() { underWay += 1 }

  /// Such a unit ended.
  func ended() {
    underWay -= 1
    tell()
  }

  /// Such a unit ended, and its file is to be cut.
  func outgrew(_ task: FileTask) {
    outgrown.append(task)
    distrust()
    ended()
  }

  func takeOutgrown() -> FileTask? { outgrown.popFirst() }

  /// What to wait for while it is not known of every file under way whether it fits; nil where it is.
  func wait() -> Int32? {
    guard underWay > 0 else { return nil }
    if isRaised { progress.drainEvent() }
    (isRaised, isAwaited) = (false, true)
    return progress.number
  }

  private func tell() {
    guard isAwaited, !isRaised, underWay == 0 || !outgrown.isEmpty else { return }
    progress.raiseEvent()
    (isRaised, isAwaited) = (true, false)
  }
}
