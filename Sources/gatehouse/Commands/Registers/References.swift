import Sessions

/// Names for lines that nobody named: `loan-pool-01-20261121-1`.
enum References {
    /// The first that is free of those of the day.
    static func free(_ what: String, _ whose: String, at now: Instant, taken: Set<String>) -> String {
        let day = now.description.prefix(10).filter { $0 != "-" }
        let stem = "\(what)-\(whose)-\(day)-"
        var number = 1
        while taken.contains(stem + "\(number)") { number += 1 }
        return stem + "\(number)"
    }

    /// The first instant after `from`, or `now`: what began this very second ends a second later, since registers know
    /// whole seconds and nothing ends before it began.
    static func end(at now: Instant, from: Instant) -> Instant { max(now, from + .seconds(1)) }
}
