import Alerts
import Sessions
import Testing

@Suite struct EndTests {
    private let day: Int64 = 86_400

    private func contract(_ until: Int64) -> Ending {
        Ending(.contractEnding, "C-1", until: .second(until), what: "contract C-1", clauses: ["contracts"])
    }

    private func notices(_ told: [String: EndNotices.Told] = [:]) -> EndNotices {
        EndNotices(ahead: [14, 7, 1].map { .seconds($0 * day) }, told: told)
    }

    @Test func isSaidOnceForEachTimeAhead() {
        var notices = notices()
        let end = contract(30 * day)
        let said = (0...31 * 24).filter { hour in
            // As after a restart: nothing is kept but what was told.
            notices = EndNotices(ahead: [14, 7, 1].map { .seconds($0 * day) }, told: notices.told)
            return !notices.look([end], at: .second(Int64(hour) * 3600)).isEmpty
        }
        #expect(said.map { $0 / 24 } == [16, 23, 29, 30])
    }

    /// What the daemon slept through is said once, by what is nearest.
    @Test func aPauseIsNotMadeUpFor() {
        var notices = notices()
        let sightings = notices.look([contract(5 * day)], at: .second(0))
        #expect(sightings.map(\.says) == ["contract C-1 ends in 5 days, on \(Instant.second(5 * day))"])
        #expect(sightings.map(\.clauses) == [["contracts"]])
        #expect(notices.look([contract(5 * day)], at: .second(1)).isEmpty)
    }

    @Test func anEndThatIsPutOffIsAnnouncedAnew() {
        var notices = notices()
        #expect(notices.look([contract(day)], at: .second(0)).count == 1)
        #expect(notices.look([contract(300 * day)], at: .second(10)).isEmpty)
        #expect(notices.look([contract(300 * day)], at: .second(287 * day)).count == 1)
    }

    @Test func whatEndedLongAgoIsNoNews() {
        var notices = notices()
        #expect(notices.look([contract(0)], at: .second(day)).isEmpty)
        // That it has ended is said of what was announced.
        #expect(notices.look([contract(2 * day)], at: .second(day)).count == 1)
        #expect(
            notices.look([contract(2 * day)], at: .second(2 * day)).map(\.says) == ["contract C-1 has ended"])
        #expect(notices.look([contract(2 * day)], at: .second(3 * day)).isEmpty)
    }

    @Test func whatIsGoneIsRememberedUntilItHasEnded() {
        var notices = notices()
        _ = notices.look([contract(day)], at: .second(0))
        _ = notices.look([], at: .second(1))
        #expect(notices.look([contract(day)], at: .second(2)).isEmpty)
        _ = notices.look([], at: .second(9 * day))
        #expect(notices.told.isEmpty)
    }

    @Test func aFaultIsToldWhenItBeginsDailyAndWhenItIsOver() {
        var faults = StandingFaults()
        let fault = sighting(.diskSpace, "/var", .critical)
        #expect(faults.look([fault], at: .second(0)) == [fault])
        #expect(faults.look([fault], at: .second(60)).isEmpty)
        #expect(faults.look([fault], at: .second(day)) == [fault])
        #expect(faults.open.map(\.since) == [.second(0)])
        let over = faults.look([], at: .second(day + 60))
        #expect(over.map(\.severity) == [.notice] && over.allSatisfy { $0.says.hasPrefix("over: ") })
        #expect(faults.look([], at: .second(day + 61)).isEmpty && faults.open.isEmpty)
    }
}
