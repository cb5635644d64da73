import LanesCore
import LanesOS

/// Compressed bytes that were read and not unpacked yet, from a file or a stream. Belongs to the thread that unpacks.
final class UnpackingInput {
  private enum Origin {
    case file(OpenFile)
    case stream(ReadyReader)
  }

  /// A descriptor is noncopyable; a class can hold it in an enumeration.
  private final class OpenFile {
    let slice: FileSlice
    let file: Descriptor
    init(_ slice: FileSlice, _ file: consuming Descriptor) {
      self.slice = slice
      self.file = file
    }
  }

  private let origin: Origin
  private let cancelled: Int32
  private let isCancelled: () -> Bool
  private var bytes = Bytes()
  private var start = 0
  /// Where in the file the next byte is read.
  private var position = 0
  /// True when all has been read.
  private(set) var isAtEnd = false

  /// Bytes that are read at a time.
  private static let pieceBytes = 256 << 10

  /// - Parameters:
  ///   - isCancelled: nothing more is wanted.
  ///   - cancelled: a descriptor that becomes readable then.
  init(
    _ origin: UnpackingReader.Origin, cancelled: Int32, isCancelled: @escaping () -> Bool
  ) throws(UnitFailure) {
    self.cancelled = cancelled
    self.isCancelled = isCancelled
    switch origin {
    case .stream(let reader): self.origin = .stream(reader)
    case .file(let slice):
      do throws(SystemError) {
        self.origin = .file(OpenFile(slice, try Descriptor.reading(slice.path)))
      } catch {
        throw .unreadable(error)
      }
      position = slice.offset
      try check()
    }
  }

  /// Bytes that wait.
  var count: Int { bytes.count - start }

  /// Where in the file, or the stream, the first of them is.
  var offset: Int { position - count }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  /// The first `count` bytes are over.
  func drop(_ count: Int) { start += count }

  /// Reads until there are `wanted` bytes, or the end; nil where nothing more is wanted.
  func fill(_ wanted: Int) throws(UnitFailure) -> Bytes? {
    while count < wanted, !isAtEnd {
      guard try read() else { return nil }
    }
    return Bytes(bytes[start...].prefix(wanted))
  }

  /// Reads a piece, waiting for it; false where nothing more is wanted meanwhile.
  func read() throws(UnitFailure) -> Bool {
    guard !isAtEnd else { return true }
    bytes.removeFirst(start)
    start = 0
    switch origin {
    case .file(let open): try read(open)
    case .stream(let reader): return try read(reader)
    }
    return true
  }

  private func read(_ open: OpenFile) throws(UnitFailure) {
    let end = open.slice.offset + open.slice.length
    let piece: Bytes
    do throws(SystemError) {
      piece = try DescriptorIO.bytes(open.file.number, at: position, count: min(Self.pieceBytes, end - position))
    } catch {
      throw .unreadable(error)
    }
    guard !piece.isEmpty || position == end else { throw .cutShort(at: position) }
    bytes += piece
    position += piece.count
    guard position == end else { return }
    isAtEnd = true
    // A file that became shorter and grew again meanwhile read as zeros in between.
    try check()
  }

  private func read(_ reader: ReadyReader) throws(UnitFailure) -> Bool {
    do throws(SystemError) {
      while true {
        switch try reader.read(into: &bytes, atMost: Self.pieceBytes) {
        case .bytes(let got):
          position += got
          return true
        case .end:
          isAtEnd = true
          return true
        case .notReady:
          try DescriptorIO.wait(for: [(reader.descriptor, .readable), (cancelled, .readable)])
          if isCancelled() { return false }
        }
      }
    } catch {
      throw .unreadable(error)
    }
  }

  /// Throws unless the file is the one that was planned, and as long.
  private func check() throws(UnitFailure) {
    guard case .file(let open) = origin else { return }
    let status: FileStatus
    do { status = try FileStatus(of: open.file.number) } catch { throw .unreadable(error) }
    try open.slice.check(status.identity, size: status.size)
  }
}
