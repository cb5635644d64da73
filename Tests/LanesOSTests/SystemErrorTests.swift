import Glibc
import LanesOS
import Testing

@Suite struct SystemErrorTests {
  @Test func `an interrupted call is made again until it succeeds`() throws {
    var calls = 0
    let value = try retrying("read") { () -> Int in
      calls += 1
      errno = EINTR
      return calls < 4 ? -1 : 42
    }
    #expect(value == 42)
    #expect(calls == 4)
  }

  @Test func `any other error ends it with the call's name and errno`() {
    var calls = 0
    #expect(throws: SystemError("write", errno: ENOSPC)) {
      try retrying("write") { () -> Int32 in
        calls += 1
        errno = calls == 1 ? EINTR : ENOSPC
        return -1
      }
    }
    #expect(calls == 2)
  }

  @Test func `a call that must not be repeated is made once`() {
    var calls = 0
    #expect(throws: SystemError("close", errno: EINTR)) {
      try once("close") { () -> Int32 in
        calls += 1
        errno = EINTR
        return -1
      }
    }
    #expect(calls == 1)
  }

  @Test func `reasons are the kernel's words in lower case`() {
    #expect(SystemError("open", errno: ENOENT).reason == "no such file or directory")
    #expect(SystemError("open", errno: 99_999).reason.contains("99999"))
  }

  @Test(arguments: [ENOSPC, EDQUOT, EIO, EROFS]) func `a disk that takes nothing more is told from a bad file`(
    _ code: Int32
  ) {
    #expect(SystemError("write", errno: code).isFullOrBroken)
    #expect(!SystemError("write", errno: EACCES).isFullOrBroken)
  }
}
