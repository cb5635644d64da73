import LanesReport
import Testing

@Suite struct StatisticsTests {
  @Test func `the median is the middle of the sorted samples`() {
    #expect(Statistics([3]).median == 3)
    #expect(Statistics([1, 9]).median == 5)
    #expect(Statistics([9, 1, 5]).median == 5)
    #expect(Statistics([4, 1, 3, 2]).median == 2.5)
  }

  @Test func `spread is half the distance of the quartiles over the median`() {
    let statistics = Statistics([12, 8, 10, 9, 11])
    #expect(statistics.minimum == 8)
    #expect(statistics.maximum == 12)
    #expect(statistics.quantile(0.25) == 9)
    #expect(statistics.quantile(0.75) == 11)
    #expect(statistics.halfRange == 1)
    #expect(statistics.spread == 0.1)
    #expect(statistics.medianAbsoluteDeviation == 1)
  }

  @Test func `quantiles lie between samples where they fall between them`() {
    #expect(Statistics([0, 10]).quantile(0.25) == 2.5)
    #expect(Statistics([0, 10]).quantile(1) == 10)
  }

  @Test func `two samples have no spread`() {
    #expect(Statistics([1, 2]).halfRange == nil)
    #expect(Statistics([1, 2]).spread == nil)
    #expect(Statistics([0, 0, 0]).spread == nil)
    #expect(Statistics([0, 0, 0]).halfRange == 0)
  }

  @Test func `a sample far from the others is an outlier`() {
    #expect(Statistics([10, 11, 9, 10.5, 9.5, 30]).outliers == [30])
    #expect(Statistics([10, 11, 9, 10.5, 9.5]).outliers == [])
  }

  @Test func `modified z-scores follow both forms of the definition`() {
    #expect(abs(Statistics([1, 2, 3, 4, 5]).modifiedZScore(7) - 2.698) < 1e-9)
    #expect(abs(Statistics([5, 5, 5, 9]).modifiedZScore(9) - 4 / 1.253314) < 1e-9)
    #expect(Statistics([5, 5, 5]).modifiedZScore(5) == 0)
  }
}
