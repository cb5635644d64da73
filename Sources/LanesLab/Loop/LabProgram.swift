import CLab
import LanesCore
import LanesOS
import SystemPackage

/// Programs that experiments start and wait for: this one, to see its engines at work, and Python.
enum LabProgram {
  /// What a run cost.
  struct Run {
    /// Nanoseconds from starting the program to its end, and of processor time, that of its own children included.
    let wall: Int64
    let processor: Int64
    /// The wall time of a run whose first thread hardly had to wait for a core; below 0 where it did for more than a fifth of
    /// the time: then the time is that of others.
    var undisturbed: Int64 { delay * 5 <= wall ? wall : -1 }
    /// Nanoseconds that its first thread was ready to run and had no core; 0 where the kernel does not say.
    let delay: Int64
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
      let nowhere = try Descriptor.creating(FilePath("/dev/null"))
      command.descriptors = [(child: 1, here: pipe.writeEnd.number), (child: 2, here: nowhere.number)]
      let (read, processor, start) = (clab_children_read(), clab_family_time(), clab_now())
      var child = try Child(command)
      let readEnd = pipe.closingWriteEnd()
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
      defer { room.deallocate() }
      var output = Bytes()
      while let count = try DescriptorIO.read(readEnd.number, into: room), count > 0 { output += room[..<count] }
      // It has ended, or is about to; what it waited for stands there until somebody waits for it.
      let waited = ProcessFile("/proc/\(child.pid)/schedstat")?.text.split(separator: " ").dropFirst().first
      guard try child.wait().exit == .status(0) else { return nil }
      return Run(
        wall: clab_now() - start, processor: clab_family_time() - processor,
        delay: waited.flatMap { Int64($0) } ?? 0, read: clab_children_read() - read,
        output: String(decoding: output, as: UTF8.self))
    } catch {
      return nil
    }
  }
}
