/// What a handful of repeated measurements says, without assuming that they are spread like a bell.
package struct Statistics: Sendable, Equatable {
  /// In ascending order.
  package let sorted: [Double]

  /// Statistics of at least one sample.
  package init(_ samples: [Double]) {
    precondition(!samples.isEmpty, "statistics need at least one sample")
    sorted = samples.sorted()
  }

  package var count: Int { sorted.count }
  package var minimum: Double { sorted[0] }
  package var maximum: Double { sorted[count - 1] }
  package var median: Double { quantile(0.5) }

  /// The value below which `share` of the samples lie, interpolated between neighbors (definition 7 of Hyndman and
  /// Fan, "Sample quantiles in statistical packages", 1996).
  package func quantile(_ share: Double) -> Double {
    let position = share * Double(count - 1)
    let below = Int(position)
    let above = min(below + 1, count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
  }

  /// The median of the distances from the median.
  package var medianAbsoluteDeviation: Double {
    let middle = median
    return Statistics(sorted.map { abs($0 - middle) }).median
  }

  /// Half the distance between the quartiles, in the unit of the samples; nil for fewer than three samples, which say
  /// nothing about how far the next one may lie away.
  package var halfRange: Double? { count < 3 ? nil : (quantile(0.75) - quantile(0.25)) / 2 }

  /// `halfRange` as a share of the median; nil as well when the median is 0.
  package var spread: Double? { halfRange.flatMap { median == 0 ? nil : $0 / median } }

  /// The modified z-score of `sample`: 0.6745 times its distance from the median over the median absolute deviation;
  /// where the latter is 0, the distance over 1.2533 times the mean absolute deviation, and 0 where that is 0 too.
  ///
  /// Source: Iglewicz and Hoaglin, "How to detect and handle outliers", 1993; the second form is that of IBM SPSS.
  package func modifiedZScore(_ sample: Double) -> Double {
    let distance = sample - median
    let typical = medianAbsoluteDeviation
    if typical > 0 { return 0.6745 * distance / typical }
    let middle = median
    let mean = sorted.reduce(0) { $0 + abs($1 - middle) } / Double(count)
    return mean > 0 ? distance / (1.253314 * mean) : 0
  }

  /// Samples whose modified z-score lies beyond 3.5 either way, the threshold that Iglewicz and Hoaglin recommend; in
  /// ascending order.
  package var outliers: [Double] { sorted.filter { abs(modifiedZScore($0)) > 3.5 } }
}
