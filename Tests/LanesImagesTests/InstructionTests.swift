import CSIMD
import LanesCore
import Testing

@testable import LanesImages

/// Kernels are written for several levels of instructions, and pixels must not depend on the processor.
@Suite struct InstructionTests {
  @Test(arguments: [
    "seeds.jpg", "dragonfly-progressive.jpg", "freespace-gray.jpg", "ridge-rgb16.png", "nuthatch-gray-alpha.png",
    "seeds-rgba.png", "nuthatch-rgb.png",
  ]) func `every level gives the same bytes`(_ name: String) throws {
    let bytes = try fixture(name)
    for change: (inout ConvertOptions) -> Void in [
      { $0.resize = ResizeSpec("61x47") }, { ($0.resize, $0.sharpen) = (ResizeSpec("61x47"), 0.7) },
      { ($0.resize, $0.format, $0.linearLight) = (ResizeSpec("37%"), .png, true) },
    ] {
      let asked = options(change)
      csimd_limit(csimd_portable)
      let expected = Result { try convert(bytes, asked).output }
      for level in csimd_portable.rawValue + 1...csimd_best().rawValue {
        csimd_limit(csimd_level(rawValue: level))
        #expect(try convert(bytes, asked).output == expected.get(), "level \(level)")
      }
      csimd_limit(csimd_best())
    }
  }
}
