import Glibc
import LanesCore
import LanesOS
import LanesTesting
import Testing

@Suite struct ChildTests {
  @Test(arguments: [0, 1, 64, 255] as [Int32]) func `a status is what the program gave`(_ status: Int32) throws {
    var child = try shell("exit \(status)")
    #expect(try child.wait().exit == .status(status))
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGSEGV]) func `a signal is told as such`(_ signal: Int32) throws {
    var child = try shell("kill -\(signal) $$; exec sleep 1000")
    #expect(try child.wait().exit == .signal(signal))
  }

  @Test func `a child can be killed, and its descriptor tells the end`() throws {
    var child = try shell("exec sleep 1000")
    var entry = pollfd(fd: child.pidfd.number, events: Int16(POLLIN), revents: 0)
    #expect(poll(&entry, 1, 0) == 0)
    child.kill(SIGKILL)
    try DescriptorIO.wait(for: [(child.pidfd.number, .readable)])
    #expect(try child.wait().exit == .signal(SIGKILL))
  }

  @Test func `a child that nobody waited for goes with its value`() throws {
    let pid = try { () throws -> pid_t in
      let child = try shell("exec sleep 1000")
      #expect(Processes.isAlive(child.pid))
      return child.pid
    }()
    #expect(!Processes.isAlive(pid))
    #expect(ProcessFile("/proc/\(pid)/stat") == nil, "it was reaped")
  }

  @Test func `what a child used is counted`() throws {
    var child = try shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
    let usage = try child.wait().usage
    #expect(usage.user > 0)
    #expect(usage.minorFaults > 0)
  }

  @Test func `descriptors arrive under the right numbers although targets and sources cross`() throws {
    let one = try Pipe()
    let other = try Pipe()
    let output = try Pipe()
    for (pipe, word) in [(one.writeEnd.number, "one\n"), (other.writeEnd.number, "other\n")] {
      try Bytes(word.utf8).withUnsafeBytes { try DescriptorIO.writeAll(pipe, $0) }
    }
    // Each is wanted under the number that the other has here.
    let (first, second) = (one.readEnd.number, other.readEnd.number)
    #expect(max(first, second) < 1000)
    var command = Child.Command(
      program: "/bin/bash", arguments: ["bash", "-c", "read a <&\(first); read b <&\(second); echo $a $b $EXTRA"])
    command.environment = ["EXTRA": "more"]
    command.descriptors = [(1, output.writeEnd.number), (first, second), (second, first)]
    var child = try Child(command)
    #expect(try child.wait().exit == .status(0))
    #expect(try text(output.readEnd, 15) == "other one more\n")
  }

  @Test func `none of our other descriptors is handed down`() throws {
    let output = try Pipe()
    let secret = try Descriptor.reading("/dev/null").duplicated(atLeast: 100)
    let numbers = [secret.number, secret.number + 1, output.readEnd.number, output.writeEnd.number]
    let script =
      "for n in \(numbers.map(String.init).joined(separator: " ")); do [ -e /proc/$$/fd/$n ] && echo $n; done; echo end"
    var command = Child.Command(program: "/bin/sh", arguments: ["sh", "-c", script])
    command.descriptors = [(1, output.writeEnd.number), (secret.number + 1, secret.number)]
    var child = try Child(command)
    _ = try child.wait()
    let expected = "\(secret.number + 1)\nend\n"
    #expect(try text(output.readEnd, expected.utf8.count) == expected)
  }

  @Test func `signals are as a fresh process has them`() throws {
    StopSignals.ignoreWriteSignals()
    var child = try shell("kill -PIPE $$; exit 0")
    #expect(try child.wait().exit == .signal(SIGPIPE))
  }

  @Test func `a program that does not exist is an error of the call`() {
    let folder = TemporaryFolder()
    #expect(throws: SystemError("posix_spawn", errno: ENOENT)) {
      _ = try Child(Child.Command(program: folder.file("missing").string, arguments: ["x"]))
    }
  }

  private func shell(_ script: String) throws -> Child {
    try Child(Child.Command(program: "/bin/sh", arguments: ["sh", "-c", script]))
  }

  private func text(_ end: borrowing Descriptor, _ count: Int) throws -> String {
    var bytes = Bytes(repeating: 0, count: count)
    try readExactly(end.number, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
