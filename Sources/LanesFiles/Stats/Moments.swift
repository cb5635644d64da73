import LanesCore

/// Sums of numbers and of their squares, exactly, as whole numbers of 10^−`places` and 10^−2·`places`.
struct DecimalSum: Equatable {
  let places: Int
  var total: Int128 = 0
  /// The squares' sum modulo 2^128, and how often it went beyond.
  var squares: UInt128 = 0
  var squaresHigh: UInt64 = 0

  mutating func add(_ other: DecimalSum) {
    total += other.total
    let (sum, isOver) = squares.addingReportingOverflow(other.squares)
    squares = sum
    squaresHigh += other.squaresHigh + (isOver ? 1 : 0)
  }
}

/// What is known of the numbers of one group: nothing in it depends on the order in which they came.
///
/// Every number is kept in the sum of its own number of decimal places, or of a higher one, so that nothing is ever
/// rounded. 2^63 numbers of 64 bits fit.
struct Moments: Equatable {
  /// How many numbers there are; empty fields are not counted.
  var count: UInt64 = 0
  /// The sum for one number of places, which is all there is as a rule: a list would take memory of its own for each
  /// group.
  private(set) var first: DecimalSum?
  private(set) var others: [DecimalSum] = []
  private(set) var least: DecimalNumber?
  private(set) var greatest: DecimalNumber?

  var sums: [DecimalSum] { (first.map { [$0] } ?? []) + others }

  mutating func add(_ number: DecimalNumber) {
    count += 1
    let total = number.isNegative ? -Int128(number.digits) : Int128(number.digits)
    add(DecimalSum(places: number.places, total: total, squares: UInt128(number.digits) * UInt128(number.digits)))
    include(least: number, greatest: number)
  }

  mutating func add(_ sum: DecimalSum) {
    if first == nil {
      first = sum
    } else if first!.places == sum.places {
      first!.add(sum)
    } else if let index = others.firstIndex(where: { $0.places == sum.places }) {
      others[index].add(sum)
    } else {
      others.append(sum)
    }
  }

  /// Takes numbers into account that are the least and the greatest of some; nil for none.
  mutating func include(least low: DecimalNumber?, greatest high: DecimalNumber?) {
    if let low, least.map({ low.isLess(than: $0) }) ?? true { least = low }
    if let high, greatest.map({ $0.isLess(than: high) }) ?? true { greatest = high }
  }

  /// Adds the numbers of another part of the group, in any order.
  mutating func merge(_ other: Moments) {
    count += other.count
    if let sum = other.first { add(sum) }
    for sum in other.others { add(sum) }
    include(least: other.least, greatest: other.greatest)
  }

  /// What `statistic` needs, and nothing else: tasks that share the statistics send no more than their own.
  func part(for statistic: Statistic) -> Moments {
    var part = Moments()
    if [.count, .mean, .deviation].contains(statistic) { part.count = count }
    if [.sum, .mean, .deviation].contains(statistic) { for sum in sums { part.add(sum) } }
    if statistic == .least { part.least = least }
    if statistic == .greatest { part.greatest = greatest }
    return part
  }
}

extension WireWriter {
  mutating func write(_ moments: Moments) {
    write(moments.count)
    write(UInt16(moments.sums.count))
    for sum in moments.sums {
      write(Int16(sum.places))
      write(sum.total)
      write(sum.squares)
      write(sum.squaresHigh)
    }
    write(moments.least)
    write(moments.greatest)
  }

  private mutating func write(_ number: DecimalNumber?) {
    write(number != nil)
    guard let number else { return }
    write(number.isNegative)
    write(number.digits)
    write(Int16(number.places))
  }
}

extension WireReader {
  /// Reads what `write` wrote. Sums go through `add`, so that a message with one number of places twice does no harm.
  mutating func readMoments() throws(WireError) -> Moments {
    var moments = Moments()
    moments.count = try read()
    for _ in 0..<(try read(UInt16.self)) {
      var sum = DecimalSum(places: Int(try read(Int16.self)))
      sum.total = try read()
      sum.squares = try read()
      sum.squaresHigh = try read()
      moments.add(sum)
    }
    let least = try readNumber()
    moments.include(least: least, greatest: try readNumber())
    return moments
  }

  private mutating func readNumber() throws(WireError) -> DecimalNumber? {
    guard try readBool() else { return nil }
    var number = DecimalNumber(0, places: 0)
    number.isNegative = try readBool()
    number.digits = try read()
    number.places = Int(try read(Int16.self))
    return number
  }
}
