import CCodecs
import LanesCore

/// What C calls back into while it decodes or encodes one image. Nothing is thrown across C: a failure is kept here and
/// thrown once C has returned. C holds it unretained; every decoder and encoder here retains it for as long as C does.
final class CodecContext {
  /// When the unit has to be over, and whether it is to stop.
  let deadline: Deadline
  let output: OutputBuffer
  /// JPEGs are decoded by libjpeg-turbo and PNGs by libpng, whatever they hold.
  let usesLibrary: Bool
  /// What a callback threw. C then only says that it was stopped, and the reason is taken from here.
  private(set) var failure: UnitFailure?
  /// The decoder that is quicker found something odd: whether the image is sound only libjpeg-turbo or libpng can tell.
  private(set) var isUndecided = false

  init(deadline: Deadline, output: OutputBuffer, usesLibrary: Bool = false) {
    self.deadline = deadline
    self.output = output
    self.usesLibrary = usesLibrary
  }

  /// Limits for a decoder that must not outlive this context.
  func limits(maxPixels: Int) -> ccodecs_limits {
    ccodecs_limits(
      max_pixels: UInt64(max(maxPixels, 0)),
      go_on: { CodecContext.from($0).attempt { (context) throws(UnitFailure) in try context.deadline.check() } },
      context: Unmanaged.passUnretained(self).toOpaque(), salvage: false, background: (255, 255, 255), stored: false,
      library: usesLibrary)
  }

  /// Limits as `options` set them.
  func limits(_ options: ConvertOptions) -> ccodecs_limits {
    var limits = limits(maxPixels: options.maxPixels)
    limits.salvage = options.salvage
    limits.background = (options.background.red, options.background.green, options.background.blue)
    return limits
  }

  /// A sink for an encoder that must not outlive this context.
  var sink: ccodecs_sink {
    ccodecs_sink(
      take: { context, bytes, count in
        CodecContext.from(context).attempt { (context) throws(UnitFailure) in
          try context.output.append(UnsafeRawBufferPointer(start: bytes, count: count))
        }
      },
      context: Unmanaged.passUnretained(self).toOpaque())
  }

  /// The context that C was handed. Nothing is retained: the decoder or encoder that holds C's object holds the context too.
  private static func from(_ pointer: UnsafeMutableRawPointer?) -> CodecContext {
    Unmanaged<CodecContext>.fromOpaque(pointer!).takeUnretainedValue()
  }

  /// Runs a callback of Swift. C learns only whether it succeeded: an error must not be thrown across its frames.
  private func attempt(_ body: (CodecContext) throws(UnitFailure) -> Void) -> Bool {
    do {
      try body(self)
      return true
    } catch {
      failure = error
      return false
    }
  }

  /// What a failed call of the codecs means for the unit.
  func failure(from result: ccodecs_result, format: ImageFormat) -> UnitFailure {
    let message = result.text
    switch result.status {
    case ccodecs_truncated: return UnitFailure(.rejected, message)
    case ccodecs_unsupported: return UnitFailure(.rejected, "it is \(message), which lanes cannot read")
    case ccodecs_no_memory: return UnitFailure(.resources, "there is not enough memory for it")
    case ccodecs_stopped, ccodecs_sink_failed: return failure ?? UnitFailure(.output, message)
    case ccodecs_undecided:
      isUndecided = true
      fallthrough
    default: return UnitFailure(.rejected, "its \(format.name) data is damaged (\(message))")
    }
  }
}

extension ccodecs_result {
  var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension ccodecs_image {
  init(_ shape: RowShape) {
    self.init(
      width: UInt32(shape.size.width), height: UInt32(shape.size.height), channels: Int32(shape.channels),
      depth: Int32(shape.depth), alpha: shape.hasAlpha)
  }

  var shape: RowShape {
    RowShape(size: PixelSize(Int(width), Int(height)), channels: Int(channels), depth: Int(depth), hasAlpha: alpha)
  }
}
