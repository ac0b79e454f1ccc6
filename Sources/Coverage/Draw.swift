import Crypto

/// A sample by lot that can be drawn again: whoever has the seed and the names draws the same.
///
/// Names are put in the order of the SHA-256 of the seed, a line feed and the name, and the first are taken. So nobody who
/// does not choose the seed chooses the sample, a name more or less changes nothing about the order of the others, and any
/// machine can check it: `printf 'SEED\nNAME' | sha256sum`.
package struct Draw: Sendable {
    package let seed: String

    package init(seed: String) { self.seed = seed }

    /// At most so many, in the order in which they were drawn. Names are expected to differ.
    ///
    /// Cost: n log n.
    package func sample(_ count: Int, of names: some Sequence<String>) -> [String] {
        let tickets = names.map { name in
            (digest: Array(SHA256.hash(data: Array("\(seed)\n\(name)".utf8))), name: name)
        }
        return tickets.sorted { $0.digest.lexicographicallyPrecedes($1.digest) }.prefix(max(0, count)).map(
            \.name)
    }
}
