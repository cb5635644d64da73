import LanesCore
import LanesOS

/// Collects the bytes of a stream until there are enough for a unit.
final class StreamCursor {
  enum Step {
    case chunk(FileTask, Bytes)
    case notReady
    case failed(FileTask, UnitFailure)
  }

  /// The chunk that `next` gives.
  private(set) var task: FileTask
  private let reader: StreamReader
  private let ends: LineEnds?
  private var buffer = Bytes()
  /// Why nothing can be read any more, once the lines ahead of that are given.
  private var failure: UnitFailure?
  /// Bytes at the start of the buffer that are known to hold no line end.
  private var searched = 0

  /// - Parameters:
  ///   - ends: what ends a line, where chunks are to be whole lines.
  ///   - carry: what comes ahead of the stream, without the end of a line.
  init(task: FileTask, reader: StreamReader, ends: LineEnds?, behind carry: Bytes = []) {
    buffer = carry
    self.task = task
    self.reader = reader
    self.ends = ends
  }

  var descriptor: Int32 { reader.descriptor }

  /// Nothing more is wanted; where a thread unpacks the descriptor becomes readable soon.
  func cancel() {
    if case .unpacking(let reader) = reader { reader.cancel() }
  }

  /// Reads what is there; gives a chunk when it is full, or at the end, when it may be empty.
  ///
  /// A chunk of lines ends behind the last line end in the buffer, and grows until it holds one. What cannot be read on has
  /// its last whole lines as a chunk, and then fails.
  ///
  /// - Parameter isPrompt: what there is goes out as soon as nothing more is ready, if it holds a line.
  func next(chunkBytes: Int, longestLine: Int, isPrompt: Bool = false) -> Step {
    if let failure { return .failed(task, failure) }
    do throws(UnitFailure) {
      var wanted = max(chunkBytes, searched + chunkBytes)
      while true {
        while buffer.count < wanted {
          switch try reader.read(into: &buffer, atMost: min(wanted - buffer.count, 1 << 20)) {
          case .bytes: continue
          case .notReady:
            guard isPrompt, let last = ends?.last(in: buffer.span.bytes) else { return .notReady }
            return give(last + 1, isLast: false)
          case .end: return give(buffer.count, isLast: true)
          }
        }
        guard let ends else { return give(buffer.count, isLast: false) }
        if let last = ends.last(in: buffer.span.bytes.extracting(searched..<buffer.count)) {
          return give(searched + last + 1, isLast: false)
        }
        searched = buffer.count
        guard searched <= longestLine else { return .failed(task, .lineTooLong(longestLine)) }
        // Doubling: bytes are copied a bounded number of times however long the line is.
        wanted = min(searched * 2, longestLine + 1)
      }
    } catch {
      guard let last = ends?.last(in: buffer.span.bytes) else { return .failed(task, error) }
      failure = error
      return give(last + 1, isLast: false)
    }
  }

  private func give(_ count: Int, isLast: Bool) -> Step {
    var task = task
    task.isLast = isLast
    let rest = Bytes(buffer[count...])
    buffer.removeLast(rest.count)
    defer {
      buffer = rest
      searched = 0
      self.task.slice += 1
    }
    return .chunk(task, buffer)
  }
}

/// Where the bytes of a stream come from.
enum StreamReader {
  case plain(ReadyReader)
  case unpacking(UnpackingReader)

  var descriptor: Int32 {
    switch self {
    case .plain(let reader): reader.descriptor
    case .unpacking(let reader): reader.descriptor
    }
  }

  /// Appends at most `limit` bytes to `buffer`, as many as are there.
  func read(into buffer: inout Bytes, atMost limit: Int) throws(UnitFailure) -> ReadyReader.Piece {
    switch self {
    case .plain(let reader):
      do { return try reader.read(into: &buffer, atMost: limit) } catch { throw .unreadable(error) }
    case .unpacking(let reader): return try reader.read(into: &buffer, atMost: limit)
    }
  }
}
