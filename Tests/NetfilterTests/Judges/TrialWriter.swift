import NetworkTypes

/// Writes trials as packets, one behind the other, into one buffer that is used again.
struct TrialWriter {
    /// One packet on the wire: a whole one or a fragment.
    struct Frame {
        var start = 0
        var count = 0
        var trial = 0
        /// Which piece of the trial, from 0.
        var piece = 0
        /// Where the bytes behind IP's headers begin, from `start`.
        var header = 0
        /// The first byte of the piece, within what was cut.
        var offset = 0
    }

    private(set) var bytes = [UInt8](repeating: 0, count: 1 << 18)
    private var end = 0
    private(set) var frames: [Frame] = []
    /// What is cut into fragments, of the trial that is being written.
    private var whole = [UInt8](repeating: 0, count: 512)
    private var wholeCount = 0

    mutating func clear() {
        end = 0
        frames.removeAll(keepingCapacity: true)
    }

    /// Bytes that a trial's fragments add up to: its transport, and options that are cut with it.
    static func cutLength(_ trial: Trial) -> Int { trial.length + (trial.cuts.hasOptionsInside ? 8 : 0) }

    mutating func write(_ trial: Trial, _ index: Int) {
        writeWhole(trial)
        let ends = [trial.cuts.first, trial.cuts.second, wholeCount]
        let count = trial.cuts.count
        for place in 0..<count {
            let piece = trial.cuts.isReversed ? count - 1 - place : place
            if piece == trial.cuts.leftOut { continue }
            let from = piece == 0 ? 0 : ends[piece - 1]
            let to = piece == count - 1 ? wholeCount : ends[piece]
            var frame = Frame(start: end, trial: index, piece: piece, offset: from)
            if trial.family == .ipv4 {
                writeIPv4(trial, from, to)
            } else {
                writeIPv6(trial, from, to)
            }
            frame.header = end - frame.start
            for place in from..<to { put(whole[place]) }
            frame.count = end - frame.start
            frames.append(frame)
        }
    }

    private mutating func put(_ byte: UInt8) {
        bytes[end] = byte
        end += 1
    }

    private mutating func put(short value: UInt16) {
        put(UInt8(truncatingIfNeeded: value >> 8))
        put(UInt8(truncatingIfNeeded: value))
    }

    private mutating func put(long value: UInt64, _ count: Int) {
        for place in 1...count { put(UInt8(truncatingIfNeeded: value >> UInt64((count - place) * 8))) }
    }

    private mutating func put(_ address: IPAddress) {
        if address.family == .ipv4 { return put(long: UInt64(truncatingIfNeeded: address.bits), 4) }
        put(long: UInt64(truncatingIfNeeded: address.bits >> 64), 8)
        put(long: UInt64(truncatingIfNeeded: address.bits), 8)
    }
}

// MARK: IP

extension TrialWriter {
    private mutating func writeIPv4(_ trial: Trial, _ from: Int, _ to: Int) {
        let start = end
        let options = trial.optionBytes
        let more = to < wholeCount ? 0x2000 : 0
        put(0x45 + UInt8(options.count / 4))
        put(0)
        put(short: UInt16(20 + options.count + to - from))
        put(short: trial.tag)
        put(short: UInt16(more | from / 8))
        put(trial.hopLimit)
        put(trial.ipProtocol)
        put(short: 0)
        put(trial.source)
        put(trial.destination)
        for byte in options { put(byte) }
        var sum: UInt32 = 0
        var place = start
        while place < end {
            sum += UInt32(bytes[place]) << 8 + UInt32(bytes[place + 1])
            place += 2
        }
        sum = sum & 0xffff + sum >> 16
        let checksum = ~UInt16(truncatingIfNeeded: sum & 0xffff + sum >> 16)
        bytes[start + 10] = UInt8(checksum >> 8)
        bytes[start + 11] = UInt8(truncatingIfNeeded: checksum)
    }

    private mutating func writeIPv6(_ trial: Trial, _ from: Int, _ to: Int) {
        let isCut = !trial.cuts.isWhole || trial.cuts.isAtomic
        let headers = trial.chainHeaders
        var total = to - from + (isCut ? 8 : 0)
        for header in headers { total += header.bytes.count }
        put(0x60)
        put(0)
        put(short: trial.tag)
        put(short: UInt16(total))
        // The number of what is cut, of what comes first, and of each header's follower.
        let inside = trial.cuts.hasOptionsInside ? 60 : trial.ipProtocol
        let last = isCut ? 44 : inside
        put(headers.first?.number ?? last)
        put(trial.hopLimit)
        put(trial.source)
        put(trial.destination)
        for (index, header) in headers.enumerated() {
            put(index + 1 < headers.count ? headers[index + 1].number : last)
            for byte in header.bytes.dropFirst() { put(byte) }
        }
        guard isCut else { return }
        put(inside)
        put(0)
        put(short: UInt16(from | (to < wholeCount ? 1 : 0)))
        put(long: UInt64(trial.number), 4)
    }
}

extension Trial {
    fileprivate var optionBytes: [UInt8] {
        switch options {
        case .none: []
        case .noOperation: [1, 1, 1, 1]
        case .routerAlert: [148, 4, 0, 0]
        // A number of RFC 4727's for experiments.
        case .unknown: [0x5e, 4, 0, 0]
        case .sourceRoute: [131, 7, 4] + near.bytes + [0]
        }
    }

    var chainHeaders: [(number: UInt8, bytes: [UInt8])] {
        if chain == .none { return [] }
        // Padding: type 1, 4 bytes.
        let padding: [UInt8] = [0, 0, 1, 4, 0, 0, 0, 0]
        let route = { [0, 2, 0, 1, 0, 0, 0, 0] + near.bytes }
        switch chain {
        case .none: return []
        case .hopByHop: return [(0, padding)]
        case .destination: return [(60, padding)]
        case .hopByHopAndDestination: return [(0, padding), (60, padding)]
        case .routing: return [(43, route())]
        case .destinationAndRouting: return [(60, padding), (43, route())]
        case .authentication: return [(51, [0, 4] + [UInt8](repeating: 7, count: 22))]
        case .nine: return [(UInt8, [UInt8])](repeating: (60, padding), count: 9)
        case .broken: return [(60, [0, 200, 1, 4, 0, 0, 0, 0])]
        }
    }
}

// MARK: What IP carries

extension TrialWriter {
    private mutating func writeWhole(_ trial: Trial) {
        let start = end
        if trial.cuts.hasOptionsInside {
            put(trial.ipProtocol)
            put(0)
            put(long: 0x0104_0000_0000, 6)
        }
        let transport = end
        let (sourcePort, destinationPort) =
            trial.way == .outward ? (trial.nearPort, trial.farPort) : (trial.farPort, trial.nearPort)
        switch trial.ipProtocol {
        case 6:
            put(short: sourcePort)
            put(short: destinationPort)
            put(long: 0x0000_0001_0000_0001, 8)
            put(0x50)
            put(trial.tcpFlags)
            put(long: 0x2000_0000_0000, 6)
        case 17:
            put(short: sourcePort)
            put(short: destinationPort)
            put(short: UInt16(trial.length))
            // No checksum: connection tracking takes the datagram, and the gateway's own answers stay away.
            put(short: 0)
        case trial.ownICMP:
            put(trial.icmpType)
            put(0)
            put(short: 0xdead)
            put(long: 0, 4)
            if let quotation = trial.quotation { put(quotation) }
        default:
            put(short: sourcePort)
            put(short: destinationPort)
        }
        while end < transport + trial.length { put(UInt8(truncatingIfNeeded: end)) }
        end = transport + trial.length
        wholeCount = end - start
        for place in 0..<wholeCount { whole[place] = bytes[start + place] }
        end = start
    }

    private mutating func put(_ quotation: Trial.Quotation) {
        put(quotation.firstByte)
        if quotation.source.family == .ipv4 {
            put(long: 0, 8)
            put(quotation.ipProtocol)
            put(short: 0)
        } else {
            put(long: 0, 5)
            put(quotation.ipProtocol)
            put(64)
        }
        put(quotation.source)
        put(quotation.destination)
        put(short: quotation.first)
        put(short: quotation.second)
        put(long: 0, 4)
    }
}
