import Evidence
import Sessions
import Store
import TestSupport
import Testing

@Suite struct PostureTests {
    @Test func keepsTheLastPosture() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            try store.perform([
                .posture(device: "LT-1", posture(1), reporter: "LT-1", at: .seconds(900)),
                .posture(device: "LT-2", posture(2), reporter: "mdm", at: .seconds(901)),
                .posture(device: "LT-1", posture(3), reporter: "mdm", at: .seconds(902)),
                .posture(device: "LT-3", DevicePosture(), reporter: "", at: .seconds(0)),
            ])
            let expected = [
                "LT-1": PostureRecord(posture: posture(3), reporter: "mdm", receivedAt: .seconds(902)),
                "LT-2": PostureRecord(posture: posture(2), reporter: "mdm", receivedAt: .seconds(901)),
                "LT-3": PostureRecord(posture: DevicePosture(), reporter: "", receivedAt: .seconds(0)),
            ]
            #expect(try store.postures() == expected)
            store.close()
            #expect(try Store(directory: path).postures() == expected)
        }
    }

    @Test func forgetsAPosture() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            try store.perform([
                .posture(device: "ren\u{e9}", posture(), reporter: "mdm", at: .seconds(1)),
                .posture(device: "other", posture(), reporter: "mdm", at: .seconds(1)),
            ])
            try store.perform([.forgetPosture(device: "rene\u{301}"), .forgetPosture(device: "nobody")])
            #expect(try store.postures().keys.sorted() == ["other"])
        }
    }

    /// Each item by itself, so that none is written in the place of another.
    @Test(arguments: 0..<32)
    func keepsEveryMixOfItems(_ mask: Int) throws {
        try withFreshPath { path in
            var mixed = posture(5)
            if mask & 1 == 0 { mixed.antivirus = nil }
            if mask & 2 == 0 { mixed.patches = nil }
            if mask & 4 == 0 { mixed.diskEncryption = nil }
            if mask & 8 == 0 { mixed.screenLockMinutes = nil }
            if mask & 16 == 0 { mixed.firewall = nil }
            let store = try Store(directory: path)
            try store.perform([.posture(device: "d", mixed, reporter: "d", at: .seconds(1))])
            #expect(try store.postures()["d"]?.posture == mixed)
        }
    }

    /// What a report costs, alone and in company: one synced write is shared by all of a call.
    @Test(.serialized, arguments: [1, 10, 100, 1000])
    func takesManyReports(batch: Int) throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            var random = Seeded(UInt64(batch))
            let count = max(batch, min(20_000, batch * 100))
            let elapsed = try ContinuousClock().measure {
                for _ in 0..<(count / batch) {
                    let changes = (0..<batch).map { _ in
                        let device = Int64.random(in: 0..<100_000, using: &random)
                        return StoreChange.posture(
                            device: "LT-\(device)", posture(device), reporter: "mdm", at: .seconds(1))
                    }
                    try store.perform(changes)
                }
            }
            print("\(count) reports in calls of \(batch): \(elapsed)")
            #expect(try store.postures().values.allSatisfy { $0.reporter == "mdm" })
        }
    }
}
