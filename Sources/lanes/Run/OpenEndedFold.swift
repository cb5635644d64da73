import LanesCore

/// A fold that has had enough once nobody reads its results any more.
final class OpenEndedFold: Fold {
  private let inner: any Fold
  private let printer: ResultPrinter

  init(_ inner: any Fold, _ printer: ResultPrinter) {
    self.inner = inner
    self.printer = printer
  }

  func absorb(_ unit: Unit, _ outcome: Outcome) { inner.absorb(unit, outcome) }
  func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    inner.absorb(unit, outcome, output: output)
  }
  /// Asked after every unit: `head` on a list of a billion primes ends the run within the units under way.
  var ending: Ending? { printer.isOpen ? inner.ending : .outputClosed }
}
