import CCodecs

/// How the samples around a place are weighed when an image is resized.
package enum ResampleFilter: String, Sendable, CaseIterable {
  /// The sharpest.
  case lanczos3
  /// A cubic between blur and ringing.
  case mitchell
  /// A sharper cubic.
  case catmullRom = "catmull-rom"
  case linear
  /// The mean of what becomes one pixel.
  case box
  /// One pixel of the input, unmixed.
  case nearest

  var asC: ccodecs_filter {
    switch self {
    case .lanczos3: ccodecs_lanczos3
    case .mitchell: ccodecs_mitchell
    case .catmullRom: ccodecs_catmull_rom
    case .linear: ccodecs_linear
    case .box: ccodecs_box
    case .nearest: ccodecs_nearest
    }
  }

  /// Distance in samples from which weights are 0.
  var radius: Double { ccodecs_radius(asC) }
}
