package import Sessions

/// That somebody else changed rules of the kernel: one transaction that was not ours, as the kernel told of it.
package struct ForeignChange: Sendable, Hashable, CustomStringConvertible {
    /// Who did it, as the kernel names the task that committed: its command name (15 bytes at most) and its number in the
    /// initial namespace of processes. Nil when the kernel's word was lost.
    package struct Author: Sendable, Hashable, CustomStringConvertible {
        package var name: String
        package var process: UInt32

        package init(name: String, process: UInt32) {
            self.name = name
            self.process = process
        }

        /// `nft (process 4711)`
        package var description: String { "\(name) (process \(process))" }
    }

    /// One kind of thing that was done to one object.
    package struct Action: Sendable, Hashable {
        package enum Verb: String, Sendable, Hashable { case added, deleted }

        package var verb: Verb
        /// `table`, `chain`, `rule`, `set`, `element`, `object` or `flowtable`.
        package var kind: String
        package var table: String
        /// Of the chain that a rule is in, the set that an element is in, or of the thing itself; nil for a table.
        package var name: String?

        package init(_ verb: Verb, _ kind: String, table: String, name: String? = nil) {
            self.verb = verb
            self.kind = kind
            self.table = table
            self.name = name
        }
    }

    package struct Count: Sendable, Hashable {
        package var action: Action
        package var count: Int
    }

    package var author: Author?
    /// The generation of the kernel's rules that it made; nil when the kernel's word was lost.
    package var generation: UInt32?
    /// When we heard of it, by the wall clock.
    package var heardAt: Instant
    /// What was done to tables that are watched, each with its count, in the order of the first of each.
    package private(set) var actions: [Count] = []
    /// The tables that are watched and were touched.
    package private(set) var tables: Set<String> = []
    /// The keys of the elements of session maps that were touched.
    package var sessions: Set<SessionKey>
    /// Whether elements of session maps are all that was touched of the tables that are watched.
    package var isOfSessionsAlone = true
    /// Whether some of what the kernel told was lost: then anything may have been done.
    package var isIncomplete: Bool

    package init(
        by author: Author? = nil, generation: UInt32? = nil, heardAt: Instant,
        sessions: Set<SessionKey> = [], isIncomplete: Bool = false
    ) {
        self.author = author
        self.generation = generation
        self.heardAt = heardAt
        self.sessions = sessions
        self.isIncomplete = isIncomplete
    }

    /// Adds one thing that was done, up to a bound: a table has hundreds of chains. With a table everything in it goes;
    /// that is then said of the table alone.
    package mutating func add(_ action: Action) {
        tables.insert(action.table)
        if action.kind == "table", action.verb == .deleted {
            actions.removeAll { $0.action.table == action.table }
            leftOut[action.table] = nil
        }
        if let place = actions.firstIndex(where: { $0.action == action }) {
            actions[place].count += 1
        } else if actions.count < Self.mostActions {
            actions.append(Count(action: action, count: 1))
        } else {
            leftOut[action.table, default: 0] += 1
        }
    }

    private static let mostActions = 32
    private var leftOut: [String: Int] = [:]

    /// Whether a table is concerned, as far as is known.
    package func concerns(_ table: String) -> Bool {
        isIncomplete || tables.contains(table)
    }

    /// `nft (process 4711) deleted table inet gatehouse`
    package var description: String {
        let who = author?.description ?? "somebody"
        guard !actions.isEmpty else { return "\(who) changed rules, and the kernel's word of it was lost" }
        let words = actions.prefix(Self.mostWords).map { entry in
            let (action, count) = (entry.action, entry.count)
            let object = ["inet", action.table, action.name].compactMap(\.self).joined(separator: " ")
            let what = count > 1 ? "\(count) \(action.kind)s of" : action.kind
            return "\(action.verb.rawValue) \(what) \(object)"
        }
        let left = actions.count - words.count + leftOut.values.reduce(0, +)
        return "\(who) " + words.joined(separator: ", ") + (left > 0 ? ", and \(left) more" : "")
    }

    private static let mostWords = 4
}
