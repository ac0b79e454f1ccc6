import Evidence
import Sessions
import Store
import TestSupport
import Testing

@Suite struct FactTests {
    @Test func keepsTheHistoryOfAField() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let facts = [
                fact("LT-1", "status", ["lost"], at: 20, over: ["in-use"]),
                // Later given, earlier dated: the clock was put back. What was said last holds.
                fact("LT-1", "status", ["in-use"], at: 10),
                fact("LT-2", "status", ["stolen"], at: 15, over: []),
                fact("LT-1", "owner", [], at: 30, over: ["emp"]),
            ]
            for fact in facts { try store.add(fact: fact) }
            #expect(try store.facts() == Array(facts[1...]))
            let subject = RegisterSubject(.device, "LT-1")
            let history = [facts[0], facts[1], facts[3]].map { FactRecord(fact: $0) }
            #expect(try store.factHistory(of: subject) == history)
            #expect(try store.factHistory(of: RegisterSubject(.user, "LT-1")).isEmpty)
            #expect(try store.factHistory() == facts.map { FactRecord(fact: $0) })
            #expect(try store.factHistory(.device).count == 4)
            #expect(try store.factHistory(.loan).isEmpty)
        }
    }

    /// An earlier fact must not come back when the last one is overtaken; one that is stated afterwards holds.
    @Test func overtakesAFieldWhole() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let first = fact("LT-1", "status", ["lost"])
            let second = fact("LT-1", "status", ["stolen"])
            let owner = fact("LT-1", "owner", ["emp"])
            let subject = RegisterSubject(.device, "LT-1")
            try store.perform([.fact(first), .fact(second), .fact(owner)])
            try store.perform([.overtaken(subject, field: "status", at: .seconds(9))])
            #expect(try store.facts() == [owner])
            try store.add(fact: first)
            #expect(try store.facts() == [owner, first])
            let history = try store.factHistory(of: subject)
            #expect(history.map(\.overtakenAt) == [.seconds(9), .seconds(9), nil, nil])
            // The second overtaking leaves the time of the first.
            try store.perform([.overtaken(subject, field: "status", at: .seconds(10))])
            #expect(
                try store.factHistory(of: subject).map(\.overtakenAt)
                    == [.seconds(9), .seconds(9), nil, .seconds(10)])
        }
    }

    /// Written and read by a form of our own where it is plain, by the general JSON reader where it is not.
    @Test(arguments: [
        [], [""], ["a"], ["a", "b"], ["\""], ["\\"], ["a\",\"b"], ["\u{1}\n\t\u{1f}"], ["é ☃ 🧀"], ["[]"],
        ["[\"a\"]"], ["null"], ["\u{7f}\u{2028}/"], ["", ""], ["'; DROP TABLE register_fact; --"],
    ])
    func keepsEveryText(_ texts: [String]) throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let kept = fact("d", "f", texts, over: texts)
            try store.add(fact: kept)
            #expect(try store.facts() == [kept])
        }
    }

    @Test(arguments: RegisterKind.allCases)
    func keepsEveryKind(_ kind: RegisterKind) throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            var kept = fact("x", "f", ["y"])
            kept.subject.kind = kind
            try store.add(fact: kept)
            #expect(try store.factHistory(kind) == [FactRecord(fact: kept)])
        }
    }

    /// A hundred thousand facts at once, as an import brings them, and the same value as the registers' own.
    @Test func importsInOneGo() throws {
        try withFreshPath { path in
            let store = try Store(directory: path)
            let facts = (0..<100_000).map { fact("LT-\($0 / 4)", "f\($0 % 4)", ["\($0)"], over: []) }
            let clock = ContinuousClock()
            let writing = try clock.measure { try store.perform(facts.map { .fact($0) }) }
            var read: [RegisterFact] = []
            let reading = try clock.measure { read = try store.facts() }
            #expect(read == facts)
            store.close()
            let opening = try clock.measure { try Store(directory: path).close() }
            print("100000 facts: written in \(writing), read in \(reading), checked and opened in \(opening)")
        }
    }

    /// Random facts and overtakings against the registers' own account of what is in force.
    @Test(arguments: UInt64(1)...4)
    func agreesWithAList(randomSeed: UInt64) throws {
        try withFreshPath { path in
            var random = Seeded(randomSeed)
            let store = try Store(directory: path)
            var model: [RegisterFact] = []
            for round in Int64(0)..<200 {
                let device = "d\(Int.random(in: 0..<4, using: &random))"
                let field = "f\(Int.random(in: 0..<3, using: &random))"
                let new = fact(device, field, ["\(round)"], at: round)
                model.removeAll { $0.subject == new.subject && $0.field == field }
                if Int.random(in: 0..<4, using: &random) == 0 {
                    try store.perform([.overtaken(new.subject, field: field, at: .seconds(round))])
                } else {
                    try store.add(fact: new)
                    model.append(new)
                }
                #expect(try store.facts() == model, "random seed \(randomSeed)")
            }
        }
    }
}
