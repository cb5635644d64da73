import Glibc
import LanesOS
import Testing

@Suite struct ThreadsTests {
  @Test func `waiting for a time ends with it, or with a result before it`() throws {
    let monitor = Monitor(0)
    #expect(monitor.wait(atMost: 1_000_000) { $0 > 0 ? $0 : nil } == nil)
    let thread = try WorkerThread {
      monitor.withLock { $0 = 7 }
      monitor.wakeOne()
    }
    #expect(monitor.wait(atMost: 60_000_000_000) { $0 > 0 ? $0 : nil } == 7)
    thread.join()
  }

  @Test func `joining waits for the end of the body, once`() throws {
    let monitor = Monitor(0)
    let threads = try (0..<8).map { number in
      try WorkerThread { for _ in 0..<10_000 { monitor.withLock { $0 += number } } }
    }
    for thread in threads { thread.join() }
    for thread in threads { thread.join() }
    #expect(monitor.withLock { $0 } == 28 * 10_000)
  }

  @Test func `a queue with one place passes everything on in order`() throws {
    let place = Monitor<Int?>(nil)
    let received = Monitor<[Int]>([])
    let consumer = try WorkerThread {
      while true {
        let number: Int = place.wait { value in
          defer { value = nil }
          return value
        }
        place.wakeAll()
        if number < 0 { return }
        received.withLock { $0.append(number) }
      }
    }
    for number in Array(0..<1000) + [-1] {
      place.wait { (value: inout Int?) -> Void? in
        guard value == nil else { return nil }
        value = number
        return ()
      }
      place.wakeAll()
    }
    consumer.join()
    #expect(received.withLock { $0 } == Array(0..<1000))
  }

  @Test func `one of many waiters is woken for each change`() throws {
    let tickets = Monitor(0)
    let taken = Monitor(0)
    let threads = try (0..<4).map { _ in
      try WorkerThread {
        tickets.wait { (count: inout Int) -> Void? in
          guard count > 0 else { return nil }
          count -= 1
          return ()
        }
        taken.withLock { $0 += 1 }
      }
    }
    for _ in 0..<4 {
      tickets.withLock { $0 += 1 }
      tickets.wakeOne()
    }
    for thread in threads { thread.join() }
    #expect(taken.withLock { $0 } == 4)
    #expect(tickets.withLock { $0 } == 0)
  }

  @Test func `a thread that nobody joins ends all the same`() throws {
    let finished = Monitor(false)
    do {
      _ = try WorkerThread {
        finished.withLock { $0 = true }
        finished.wakeAll()
      }
    }
    let isOver: Bool = finished.wait { $0 ? true : nil }
    #expect(isOver)
  }
}
