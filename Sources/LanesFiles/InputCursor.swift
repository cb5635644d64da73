import LanesCore
import LanesOS
import SystemPackage

/// Cuts one regular file into slices that end at multiples of the slice size, and so at pages when that is one.
struct SliceCursor {
  private var task: CountTask
  private let path: FilePath
  private let identity: FileIdentity
  private var start: Int
  private let end: Int

  /// Cuts the bytes `start..<end`, of which there is at least one.
  init(task: CountTask, path: FilePath, identity: FileIdentity, start: Int, end: Int) {
    self.task = task
    self.path = path
    self.identity = identity
    self.start = start
    self.end = end
  }

  /// The next slice, or nil behind the last.
  mutating func next(sliceBytes: Int) -> (task: CountTask, file: FileSlice)? {
    guard start < end else { return nil }
    let boundary = min((start / sliceBytes + 1) * sliceBytes, end)
    task.isLast = boundary == end
    defer {
      start = boundary
      task.slice += 1
    }
    return (task, FileSlice(path: path, offset: start, length: boundary - start, identity: identity))
  }
}

/// Collects the bytes of a stream until there are enough for a unit.
final class StreamCursor {
  enum Step {
    case chunk(CountTask, Bytes)
    case notReady
    case failed(CountTask, SystemError)
  }

  private var task: CountTask
  private let reader: ReadyReader
  private var buffer = Bytes()

  init(task: CountTask, reader: ReadyReader) {
    self.task = task
    self.reader = reader
  }

  var descriptor: Int32 { reader.descriptor }

  /// Reads what is there; gives a chunk when it is full, or at the end, when it may be empty.
  func next(chunkBytes: Int) -> Step {
    do {
      while buffer.count < chunkBytes {
        switch try reader.read(into: &buffer, atMost: chunkBytes - buffer.count) {
        case .bytes: continue
        case .notReady: return .notReady
        case .end: return give(isLast: true)
        }
      }
      return give(isLast: false)
    } catch {
      return .failed(task, error)
    }
  }

  private func give(isLast: Bool) -> Step {
    task.isLast = isLast
    defer {
      buffer = []
      task.slice += 1
    }
    return .chunk(task, buffer)
  }
}
