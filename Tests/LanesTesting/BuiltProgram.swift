import Glibc
import LanesCore
import SystemPackage

/// The path of a program that was built with the tests: it lies beside the test bundle or beside the runner, whichever
/// started this process.
package func builtProgram(_ name: String) -> String {
  var folders = CommandLine.arguments.map { FilePath($0).removingLastComponent() }
  var buffer = [CChar](repeating: 0, count: 4096)
  let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
  if length > 0 {
    folders.append(FilePath(rawBytes: buffer[..<length].map { UInt8(bitPattern: $0) }).removingLastComponent())
  }
  for folder in folders {
    let path = folder.appending(name)
    if path.withPlatformString({ access($0, X_OK) }) == 0 { return path.string }
  }
  fatalError("\(name) was not built beside the tests")
}
