import CLab
import LanesCore
import LanesOS

/// Programs that experiments start and wait for: this one, to see its engines at work, and Python.
enum LabProgram {
  /// What a run cost.
  struct Run {
    /// Nanoseconds from starting the program to its end, and of processor time, that of its own children included.
    let wall: Int64
    let processor: Int64
    /// Bytes that it fetched from the disk.
    let read: Int64
    /// What it wrote to standard output.
    let output: String
  }

  /// Runs `lanes` with these words; nil when it cannot be started or fails. Blocks; main thread only.
  static func lanes(_ words: [String]) -> Run? {
    run(Child.Command(program: "/proc/self/exe", arguments: ["lanes"] + words))
  }

  /// Runs a script of Python; nil when there is no python3, or the script fails. Blocks; main thread only.
  static func python(_ script: String, _ words: [String]) -> Run? {
    run(Child.Command(program: "/usr/bin/env", arguments: ["env", "python3", "-c", script] + words))
  }

  private static func run(_ command: Child.Command) -> Run? {
    do {
      let pipe = try Pipe()
      var command = command
      // What it would tell a person on standard error is no part of a figure.
      command.descriptors = [(child: 1, here: pipe.writeEnd.number)]
      let (read, processor, start) = (clab_children_read(), clab_family_time(), clab_now())
      var child = try Child(command)
      let readEnd = pipe.closingWriteEnd()
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
      defer { room.deallocate() }
      var output = Bytes()
      while let count = try DescriptorIO.read(readEnd.number, into: room), count > 0 { output += room[..<count] }
      guard try child.wait().exit == .status(0) else { return nil }
      return Run(
        wall: clab_now() - start, processor: clab_family_time() - processor, read: clab_children_read() - read,
        output: String(decoding: output, as: UTF8.self))
    } catch {
      return nil
    }
  }
}
