package import Sessions

/// Turns what is seen into what is told: the first of its kind at once, and repeats within a window as a number at its
/// end. Nothing that is reported goes untold: it is told, or counted in what is told.
///
/// A window begins with what is told. Where there were repeats at its end, the next one begins there, so that something
/// that goes on is told once a window.
package struct AlertDesk: Sendable {
    /// Names of clients can be anybody's choice: of one kind, so many different subjects are told apart in a window, and
    /// what comes after them is told as one.
    package static let subjects = 256

    private let window: Duration
    /// Tells this run of the daemon from others, in every id.
    private let run: String
    private var number: UInt64 = 0
    private var open: [String: Window] = [:]
    private var openOfKind: [AlertKind: Int] = [:]

    private struct Window {
        var began: Instant
        /// Of the alert that began it.
        let first: String
        var held: Repeats?
    }

    private struct Repeats {
        /// The worst of them, the last where they are alike.
        var sighting: Sighting
        let since: Instant
        var until: Instant
        var count: UInt64
    }

    /// - Parameter run: Letters and digits that no other run of any daemon has.
    package init(window: Duration, run: String) {
        self.window = window
        self.run = run
    }

    /// Takes a sighting, or several of the same; returns what is to be told at once.
    package mutating func report(_ sighting: Sighting, count: UInt64 = 1, at now: Instant) -> [Alert] {
        guard count > 0 else { return [] }
        var told = end(sighting.key, at: now)
        let isNew = open[sighting.key] == nil
        guard isNew, openOfKind[sighting.kind, default: 0] >= Self.subjects, sighting != sighting.ofMany
        else {
            take(sighting, count, at: now, &told)
            return told
        }
        let many = sighting.ofMany
        told += end(many.key, at: now)
        take(many, count, at: now, &told)
        return told
    }

    private mutating func take(_ sighting: Sighting, _ count: UInt64, at now: Instant, _ told: inout [Alert])
    {
        if var window = open[sighting.key] {
            var held = window.held ?? Repeats(sighting: sighting, since: now, until: now, count: 0)
            if sighting.severity <= held.sighting.severity { held.sighting = sighting }
            held.until = now
            held.count = held.count.addingReportingOverflow(count).partialValue
            window.held = held
            open[sighting.key] = window
        } else {
            let alert = alert(sighting, since: now, until: now, count: count)
            open[sighting.key] = Window(began: now, first: alert.id)
            openOfKind[sighting.kind, default: 0] += 1
            told.append(alert)
        }
    }

    /// What was held back by windows that are over, in no order.
    package mutating func tick(at now: Instant) -> [Alert] {
        open.keys.sorted().flatMap { end($0, at: now) }
    }

    /// What is held back by any window: for the end of the daemon.
    package mutating func close() -> [Alert] {
        let held = open.sorted { $0.key < $1.key }.compactMap { _, window in
            window.held.map { ($0, window.first) }
        }
        open = [:]
        openOfKind = [:]
        return held.map { alert($0, first: $1) }
    }

    /// Whether `tick` may have something to do.
    package var isIdle: Bool { open.isEmpty }

    /// An alert of which every one is told.
    package mutating func single(_ sighting: Sighting, at now: Instant) -> Alert {
        alert(sighting, since: now, until: now, count: 1)
    }

    /// Closes the window of a key, where it is over.
    private mutating func end(_ key: String, at now: Instant) -> [Alert] {
        guard var window = open[key] else { return [] }
        // A clock that was put back would keep it open for as long.
        if now < window.began {
            window.began = now
            open[key] = window
        }
        guard now - window.began >= self.window else { return [] }
        guard let held = window.held else {
            open[key] = nil
            if let kind = AlertKind(rawValue: String(key.prefix { $0 != " " })) {
                openOfKind[kind, default: 1] -= 1
            }
            return []
        }
        open[key] = Window(began: now, first: window.first)
        return [alert(held, first: window.first)]
    }

    private mutating func alert(_ held: Repeats, first: String) -> Alert {
        alert(held.sighting, since: held.since, until: held.until, count: held.count, first: first)
    }

    private mutating func alert(
        _ sighting: Sighting, since: Instant, until: Instant, count: UInt64, first: String? = nil
    ) -> Alert {
        number += 1
        return Alert(
            id: "gh-\(run)-\(number)", sighting, since: since, until: until, count: count, first: first)
    }
}
