import LanesCore
import LanesOS

/// The driver in libFuzzer's library, compiler-rt/include/fuzzer/FuzzerInterface.h.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The target that LANES_FUZZ_TARGET names.
private let target: Target = {
  let name = Terminal.variable("LANES_FUZZ_TARGET") ?? ""
  guard let target = Target.all.first(where: { $0.name == name }) else {
    fatalError("LANES_FUZZ_TARGET must be one of \(Target.all.map(\.name))")
  }
  return target
}()

/// Tries one input that the fuzzer made up.
private func tryInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Bytes(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Makes up inputs and tries them, as the arguments say (https://llvm.org/docs/LibFuzzer.html).
@main enum Main {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    let status = withUnsafeMutablePointer(to: &arguments) { runDriver(&count, $0, tryInput) }
    fatalError("libFuzzer returned \(status)")
  }
}
