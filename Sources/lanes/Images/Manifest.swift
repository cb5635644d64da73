import LanesCore
import LanesEngines
import LanesImages
import LanesOS
import LanesReport
import SystemPackage

/// The file of `--manifest`: what a web page has to know of every image and its results, as one JSON document.
///
/// It is written while the batch runs, an image a line in the order of the inputs, and gets its name at the end of a complete
/// run: memory does not grow with the batch, and nobody reads half of it. `docs/manifest.schema.json` describes it. Used by
/// the coordinating thread alone.
final class Manifest {
  /// Bytes that are written at a time.
  private static let piece = 1 << 16

  private let name: String
  private let target: Destination
  /// Opened when the first piece is written: until then the plan may be refused, and no folder is made for nothing.
  private var file: OutputFile?
  /// Where results are; names of results are told from there.
  private let destination: FilePath
  private var text = "{\"type\":\"manifest\",\"version\":1,\"images\":["
  private var isFirst = true
  private var failure: SystemError?
  /// Results that were there already, by their inputs, until the input's own turn comes.
  private var existing: [FilePath: [FilePath]] = [:]
  /// Inputs with such results, in order.
  private var waiting: [FilePath] = []

  /// Refuses a file that could not be written; makes nothing.
  ///
  /// - Parameters:
  ///   - replaces: a file that is there may be replaced.
  ///   - destination: the folder of the results, or the one result.
  init(_ name: String, replaces: Bool, destination: FilePath) throws {
    let path = FilePath(name)
    do {
      if let status = try FileStatus.ifPresent(path) {
        guard status.kind == .regular else {
          throw ExitStatus.usage.failing("the manifest \(name) is no regular file: name a file")
        }
        guard replaces else {
          throw ExitStatus.usage.failing("the manifest \(name) exists already; --overwrite replaces it")
        }
      }
      try Folders.checkWritable(path.removingLastComponent())
    } catch let error as SystemError {
      throw ExitStatus.unwritable("the manifest \(name)", error)
    }
    self.name = name
    target = Destination(path: path, replacesExisting: replaces)
    self.destination = destination
  }

  /// Notes a result that was there already.
  func skip(_ input: FilePath, _ output: FilePath) {
    if existing[input] == nil { waiting.append(input) }
    existing[input, default: []].append(output)
  }

  /// Adds what was made of an image, and what was there of it.
  func add(_ input: FilePath, _ targets: [Destination], _ images: [ConvertedImage]) {
    var results = existing.removeValue(forKey: input)?.compactMap(Result.init(reading:)) ?? []
    for (target, image) in zip(targets, images) where image.larger != .skipped {
      results.append(Result(target.path, image))
    }
    write(input, images.first?.preview ?? [], results)
  }

  private struct Result {
    let path: FilePath
    let format: ImageFormat
    let size: PixelSize
    let bytes: Int

    init(_ path: FilePath, _ image: ConvertedImage) {
      (self.path, format, size, bytes) = (path, image.outputFormat, image.outputSize, image.byteCount)
    }

    /// A file that was there, as its header tells; nil when it is no image.
    init?(reading path: FilePath) {
      guard let probe = ImageProbe(reading: path), let status = try? FileStatus(of: path) else { return nil }
      (self.path, format, size, bytes) = (path, probe.contents, probe.displayedSize, status.size)
    }
  }

  /// Results stand in the order of their names, so that a run that makes some of them anew tells the same.
  private func write(_ input: FilePath, _ preview: Bytes, _ results: [Result]) {
    let results = results.sorted { $0.path.rawBytes.lexicographicallyPrecedes($1.path.rawBytes) }
    var json = JSONWriter()
    json.object {
      $0.member("input", utf8: input.rawBytes)
      if !preview.isEmpty { $0.member("preview", DataURI.jpeg(preview)) }
      $0.key("results")
      $0.array { list in
        for result in results {
          list.object {
            $0.member("output", utf8: relative(result.path).rawBytes)
            $0.member("format", result.format.id)
            $0.member("media_type", result.format.mediaType)
            $0.member("width", result.size.width)
            $0.member("height", result.size.height)
            $0.member("bytes", result.bytes)
          }
        }
      }
    }
    text += isFirst ? "\n" : ",\n"
    text += json.text
    isFirst = false
    if text.utf8.count >= Self.piece { flush() }
  }

  /// Below the folder of results; the one result by its name.
  private func relative(_ path: FilePath) -> FilePath {
    var rest = path
    guard rest.removePrefix(destination), !rest.isEmpty else {
      return path.lastComponent.map { FilePath(root: nil, [$0]) } ?? path
    }
    return rest
  }

  /// A failure is told at the end: images are more than what is told of them.
  private func flush() {
    guard failure == nil else { return }
    let bytes = Bytes(text.utf8)
    text = ""
    do throws(SystemError) {
      if file == nil { file = try OutputFile(target) }
      try bytes.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file!.write(bytes) }
    } catch {
      failure = error
    }
  }

  /// Writes what is left and gives the file its name.
  func finish() throws {
    for input in waiting {
      if let outputs = existing.removeValue(forKey: input) {
        write(input, [], outputs.compactMap(Result.init(reading:)))
      }
    }
    text += "\n]}\n"
    flush()
    do throws(SystemError) {
      if let failure { throw failure }
      try file?.commit()
    } catch {
      throw ExitStatus.stoppedEarly.failing("the manifest \(name) cannot be written: \(error.reason)")
    }
  }
}

/// Bytes inside a URL (RFC 2397).
enum DataURI {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func jpeg(_ bytes: Bytes) -> String { "data:image/jpeg;base64," + base64(bytes) }

  /// RFC 4648, section 4.
  static func base64(_ bytes: Bytes) -> String {
    var text: Bytes = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 {
        text.append(place <= group.count ? digits[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
