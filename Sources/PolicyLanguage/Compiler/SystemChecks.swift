import FlowSpace
import NetworkTypes

/// What is wrong with the systems of a pack taken together: where they lie, and where they get in each other's way.
struct SystemChecks {
    let inside: [Located<IPPrefix>]
    let insideIsKnown: Bool
    let systems: [SystemDraft]
    let log: DiagnosticLog

    func run() {
        inside.forEach(checkInside)
        let own = Self.merged(inside.map(\.value.range))
        for system in systems {
            for addresses in system.addresses { check(addresses, of: system, own: own) }
        }
        checkOverlaps()
    }

    private static let uniqueLocal = try? IPPrefix(parsing: "fc00::/7").range

    /// A prefix shorter than any organisation's own would make the whole internet "inside", and every other check of
    /// reach idle.
    private func checkInside(_ prefix: Located<IPPrefix>) {
        let range = prefix.value.range
        if Self.checkWidth(prefix, log), let kind = SpecialAddresses.kind(in: range) {
            log.add(.specialAddress(log.written(at: prefix.range), kind), at: prefix.range)
        }
    }

    /// Whether a network may be one organisation's own; reported if not.
    @discardableResult
    static func checkWidth(_ prefix: Located<IPPrefix>, _ log: DiagnosticLog) -> Bool {
        let limit = prefix.value.family == .ipv4 ? 8 : 16
        guard prefix.value.length < limit, uniqueLocal?.contains(prefix.value.range) != true else {
            return true
        }
        log.add(.insideTooWide(prefix.value, limit: limit), at: prefix.range)
        return false
    }

    private func check(_ addresses: Located<AddressRange>, of system: SystemDraft, own: [AddressRange]) {
        if let kind = SpecialAddresses.kind(in: addresses.value) {
            log.add(.specialAddress(log.written(at: addresses.range), kind), at: addresses.range)
        } else if insideIsKnown, !Self.contains(own, addresses.value) {
            log.add(.opensInternet(system.name.value), at: addresses.range)
        }
    }

    /// Sorted, without overlaps, neighbours joined: a range may lie across two networks that touch.
    private static func merged(_ ranges: [AddressRange]) -> [AddressRange] {
        var result: [AddressRange] = []
        for range in ranges.sorted(by: { $0.first < $1.first }) {
            if let last = result.last, last.family == range.family,
                range.first <= last.last || last.last.next == range.first,
                let joined = AddressRange(first: last.first, last: max(last.last, range.last))
            {
                result[result.count - 1] = joined
            } else {
                result.append(range)
            }
        }
        return result
    }

    /// Of sorted, disjoint ranges, the last that begins at or before `range` must hold all of it.
    private static func contains(_ ranges: [AddressRange], _ range: AddressRange) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].first <= range.first { low = middle + 1 } else { high = middle }
        }
        return low > 0 && ranges[low - 1].contains(range)
    }
}

extension SystemChecks {
    private struct Pair: Hashable {
        let first: Int
        let second: Int
    }

    /// Room for a thousand systems behind one address. Held against each other are as many systems as share an address,
    /// and their addresses: in a pack that means something these are few.
    private static let overlapWorkLimit = 4_000_000

    /// Finds systems that share packets. Going through all addresses in order keeps the pairs to those that share
    /// an address, of which there are few.
    private func checkOverlaps() {
        var all: [(addresses: Located<AddressRange>, index: Int)] = []
        for (index, system) in systems.enumerated() where system.isWhole {
            all += system.addresses.map { ($0, index) }
        }
        all.sort { $0.addresses.value.first < $1.addresses.value.first }
        var open: [(addresses: Located<AddressRange>, index: Int)] = []
        var seen: Set<Pair> = []
        var work = 0
        for next in all {
            open.removeAll { $0.addresses.value.last < next.addresses.value.first }
            work += open.count
            for earlier in open where earlier.index != next.index {
                let pair = Pair(first: min(earlier.index, next.index), second: max(earlier.index, next.index))
                guard seen.insert(pair).inserted else { continue }
                let place = earlier.index > next.index ? earlier.addresses : next.addresses
                work += systems[pair.first].size + systems[pair.second].size
                guard work < Self.overlapWorkLimit else {
                    return log.add(.tooManyOverlaps, at: place.range)
                }
                compare(systems[pair.first], systems[pair.second], at: place.range)
            }
            open.append(next)
        }
    }

    private func compare(_ earlier: SystemDraft, _ later: SystemDraft, at range: SourceRange) {
        let shared = earlier.system.space.intersection(later.system.space)
        guard let witness = shared.witness else { return }
        let place = earlier.name.range.start
        let defined = Diagnostic.Note("\(quoted(earlier.name.value)) is defined at \(place)", at: place)
        let names = (later.name.value, earlier.name.value)
        guard asksTheSame(earlier, later) else {
            let why = Diagnostic.Note("a grant of the one that asks for less would open the other")
            let message = DiagnosticMessage.conflictingSystems(names.0, names.1, witness: witness.description)
            return log.add(message, at: range, notes: [defined, why])
        }
        log.add(
            .overlappingSystems(names.0, names.1, witness: witness.description), at: range, notes: [defined])
    }

    private func asksTheSame(_ one: SystemDraft, _ other: SystemDraft) -> Bool {
        one.label == other.label && Set(one.system.needs.map(\.test)) == Set(other.system.needs.map(\.test))
    }
}
