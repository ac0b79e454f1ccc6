import TestSupport
import Testing

@testable import Enforcement

@Suite struct DeadlineQueueTests {
    @Test func laterSettingReplacesTheEarlier() {
        var queue = DeadlineQueue<Int>()
        queue.set(5, for: 0)
        queue.set(9, for: 0)
        queue.set(7, for: 3)
        #expect(queue.next == 7)
        #expect(queue.popDue(at: 8) == [3])
        #expect(queue.popDue(at: 8) == [])
        #expect(queue.popDue(at: 9) == [0])
        #expect(queue.next == nil)
    }

    @Test func nilRemoves() {
        var queue = DeadlineQueue<Int>()
        queue.set(5, for: 0)
        queue.set(nil, for: 0)
        #expect(queue.next == nil)
        queue.set(5, for: 0)
        #expect(queue.popDue(at: 5) == [0], "set again to the instant that was removed")
        #expect(queue.popDue(at: 5) == [], "and only once")
    }

    /// Against a dictionary that is searched whole.
    @Test(arguments: [UInt64(11), 12, 13])
    func agreesWithASlowModel(seed: UInt64) {
        var random = Seeded(seed)
        var queue = DeadlineQueue<Int>()
        var model: [Int: Int] = [:]
        for step in 0..<5_000 {
            let key = Int.random(in: 0..<40, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let time = Int.random(in: 0..<1_000, using: &random)
                queue.set(time, for: key)
                model[key] = time
            case 2:
                queue.set(nil, for: key)
                model[key] = nil
            default:
                let now = Int.random(in: 0..<1_000, using: &random)
                let due = queue.popDue(at: now)
                let expected = model.filter { $0.value <= now }
                #expect(
                    Set(due) == Set(expected.keys) && due.count == expected.count,
                    "seed \(seed), step \(step)")
                #expect(
                    due.compactMap { expected[$0] } == expected.values.sorted(), "seed \(seed), step \(step)")
                for key in due { model[key] = nil }
            }
            #expect(queue.next == model.values.min(), "seed \(seed), step \(step)")
            #expect((0..<40).allSatisfy { queue[$0] == model[$0] }, "seed \(seed), step \(step)")
        }
    }
}
