import LanesCore
import LanesOS
import SystemPackage

extension PlannedFiles {
  /// Adds a file, or the images below a directory; what cannot be read is added as a failure.
  mutating func take(_ input: FilePath) {
    let status: FileStatus
    do {
      status = try FileStatus(of: input)
    } catch {
      return add(input, failing: UnitFailure(.input, error.reason))
    }
    switch status.kind {
    case .directory: walk(input)
    case .regular: add(input, relative: FilePath(root: nil, [input.lastComponent!]), status: status)
    default: add(input, failing: UnitFailure(.input, "it is neither a file nor a directory"))
    }
  }

  private mutating func walk(_ directory: FilePath) {
    let walk = DirectoryWalk(root: directory, leavingOut: leftOut)
    while let step = walk.next() {
      switch step {
      case .file(let file):
        guard ImageFormat(suffixOf: file.path) != nil else { continue }
        add(file.path, relative: file.relative, status: try? walk.status(of: file))
      case .unreadable(let path, let error):
        add(path, failing: UnitFailure(.input, error.reason))
      }
    }
    note(leavingOut: walk.hasLeftOut)
  }

  /// Why there is nothing to do.
  static func nothingFound(in inputs: [FilePath]) -> String {
    if inputs.isEmpty { return "no images were named" }
    let places = inputs.prefix(3).map(\.forDisplay).joined(separator: ", ")
    return "no images were found in \(places); names ending in .jpg, .jpeg, .jpe, .jfif or .png are taken"
  }
}
