import LanesCore
import LanesTesting
import SystemPackage
import Testing

/// An engine as a user asks for it.
struct EngineChoice: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let flags: [String]

  private init(_ name: String, _ flags: String...) {
    testDescription = name
    self.flags = flags + ["--cores", "2"]
  }

  /// True where one unit is performed at a time.
  var isAlone: Bool { flags.contains("serial") || flags.contains("eventloop") }

  static let serial = EngineChoice("serial", "--mode", "serial")
  static let threads = EngineChoice("threads", "--mode", "threads")
  static let pipes = EngineChoice("processes/pipe", "--mode", "processes", "--ipc", "pipe")
  static let sockets = EngineChoice("processes/socket", "--mode", "processes", "--ipc", "socket")
  static let sharedMemory = EngineChoice("processes/shm", "--mode", "processes", "--ipc", "shm")
  static let eventLoop = EngineChoice("eventloop", "--mode", "eventloop")
  static let hybrid = EngineChoice("hybrid", "--mode", "hybrid")

  static let automatic = EngineChoice("auto", "--mode", "auto")
  static let sandboxed = EngineChoice("processes, sandboxed", "--isolation", "sandbox")
  static let isolated = EngineChoice("auto, isolated", "--isolation", "process")

  static let processes = [pipes, sockets, sharedMemory]
  static let all = [serial, threads, pipes, sockets, sharedMemory, eventLoop, hybrid]
}

/// A copy of the sound fixture images, which a test may walk, in two folders: `a`, and `b/deep`.
func photoFolder() throws -> TemporaryFolder {
  let folder = TemporaryFolder()
  for (index, image) in Fixtures.goodImages.enumerated() {
    try folder.link(image, as: (index % 2 == 0 ? "a/" : "b/deep/") + image.lastComponent!.string)
  }
  return folder
}

/// A folder with `count` names of one image.
func manyImages(_ count: Int, of name: String) throws -> TemporaryFolder {
  let folder = TemporaryFolder()
  let original = try folder.link(Fixtures.image(name), as: "0/original.\(FilePath(name).extension!)")
  for number in 1..<count { try folder.link(original, as: "\(number / 100)/\(number).\(original.extension!)") }
  return folder
}
