package import Evidence
import PolicyLanguage
import Sessions

/// What is learned about devices and people while sessions live: only theirs are looked at again.
extension EnforcementState {
    // MARK: Registers

    /// Lays statements over the registers: all of them, or none when some are no good.
    mutating func state(
        _ statements: [RegisterStatement], by: String, reason: String, at now: Instant,
        _ effects: inout Effects
    ) throws(OrderRefusal) {
        for statement in statements { try check(statement, at: now) }
        let stated: [RegisterFact]
        do {
            stated = try facts(of: statements, by: by, reason: reason, at: now)
        } catch {
            throw .badStatement(error)
        }
        var seen: Set<RegisterSubject> = []
        // In the order in which they were named, so that of two that clash the later one is told.
        let subjects = statements.map(\.subject).filter { seen.insert($0).inserted }
        for statement in statements where Array(statement.fields.keys) == ["status"] {
            let id = statement.subject.key
            guard registers.devices[id: id] != nil else { throw .noSuchDevice(id) }
        }
        let asInFiles = Dictionary(statements.map { ($0.subject, $0.asInFiles) }) { $0.union($1) }
        // Also those that lose a device or an approval are looked at, so both before and after.
        var affected = Set(subjects.flatMap(sessions))
        let before = subjects.map { ($0, facts[$0], registers.fields(of: $0)) }
        for fact in stated { facts.add(fact) }
        let reverted = stated.filter { asInFiles[$0.subject]?.contains($0.field) ?? false }
        for fact in reverted { facts.remove(fact.field, of: fact.subject) }
        do {
            try lay(subjects)
        } catch {
            restore(before)
            throw .badStatement(error)
        }
        registerRevision.move()
        affected.formUnion(subjects.flatMap(sessions))
        effects.ledger.append(.facts(stated))
        // Kept all the same, for who did it and why.
        if !reverted.isEmpty { effects.ledger.append(.overtaken(reverted, at: now)) }
        review(affected.sorted(), at: now, &effects)
    }

    private func check(_ statement: RegisterStatement, at now: Instant) throws(OrderRefusal) {
        let subject = statement.subject
        // A line that is not whole is known too: that a stolen device is added anew must not make it anything else.
        let isKnown =
            registers.fields(of: subject) != nil || facts[subject].contains { !$0.value.isEmpty }
        switch statement.requirement {
        case nil: break
        case .knownLine: if !isKnown { throw .noSuchLine(subject) }
        case .newLine: if isKnown { throw .taken(subject) }
        case .freeDevice:
            if isKnown { throw .taken(subject) }
            let loan: Loan
            do {
                loan = try Loan(
                    reference: subject.key, fields: Registers.canonical(statement.fields, subject.kind))
            } catch {
                throw .badStatement(error)
            }
            guard registers.devices[id: loan.device] != nil else { throw .noSuchDevice(loan.device) }
            if let other = registers.loans.loans(of: loan.device).first(where: loan.overlaps) {
                throw .onLoan(other)
            }
        }
    }

    private func facts(
        of statements: [RegisterStatement], by: String, reason: String, at now: Instant
    ) throws(RegisterProblem) -> [RegisterFact] {
        var facts: [RegisterFact] = []
        for statement in statements {
            let subject = statement.subject
            let files = policy.registers.fields(of: subject) ?? [:]
            let values = try statement.values(over: registers.fields(of: subject) ?? [:], files: files)
            let canonical = try Registers.canonical(values, subject.kind)
            for field in values.keys.sorted() {
                facts.append(
                    RegisterFact(
                        subject: subject, field: field, value: canonical[field] ?? [], at: now, by: by,
                        reason: reason, over: files[field] ?? []))
            }
        }
        return facts
    }

    /// Puts lines in force as files and facts say now. A line of which nothing is stated any more goes.
    private mutating func lay(_ subjects: [RegisterSubject]) throws(RegisterProblem) {
        // All go first, so that what moves from one device to another finds its place free.
        for subject in subjects { registers.remove(subject) }
        for subject in subjects {
            let fields = facts.fields(of: subject, over: policy.registers)
            if !fields.isEmpty || subject.kind == .user { try registers.put(subject, fields) }
        }
    }

    private mutating func restore(_ lines: [(RegisterSubject, [RegisterFact], RegisterFields?)]) {
        for (subject, stated, _) in lines {
            facts.replace(subject, with: stated)
            registers.remove(subject)
        }
        for case (let subject, _, let fields?) in lines { try? registers.put(subject, fields) }
    }

    /// Sessions that a line of a register has to do with, as it is in force now.
    private func sessions(_ subject: RegisterSubject) -> [SessionID] {
        switch subject.kind {
        case .user: enforced.sessions(ofUser: subject.key)
        case .approval:
            registers.approvals[subject.key].map { enforced.sessions(ofUser: $0.user) } ?? []
        case .loan: registers.loans[subject.key].map { sessions(ofDevice: $0.device) } ?? []
        case .device: sessions(ofDevice: subject.key)
        }
    }

    func sessions(ofDevice id: String) -> [SessionID] {
        guard let record = registers.devices[id: id] else { return [] }
        let known = record.certificate.map { enforced.sessions(ofLeaf: $0) } ?? []
        return known + (record.key.map(sessions(withKey:)) ?? [])
    }

    /// Cost: a look at every session. Devices that are registered by key alone are few.
    func sessions(withKey key: KeyDigest) -> [SessionID] {
        enforced.all.filter { $0.proofs.certificates?.attributes.key == key }.map(\.session.id).sorted()
    }

    // MARK: Posture

    /// Takes reports, each by itself.
    mutating func handle(
        _ reports: [PostureReport], at now: Instant, _ effects: inout Effects
    ) -> [Result<PostureReceipt, PostureRejection>] {
        reports.map { report in
            Result { () throws(PostureRejection) in try take(report, at: now, &effects) }
        }
    }

    mutating func take(
        _ report: PostureReport, at now: Instant, _ effects: inout Effects
    ) throws(PostureRejection) -> PostureReceipt {
        let record: DeviceRecord? =
            switch report.subject {
            case .certificate(let digest): registers.devices[digest]
            case .device(let id): registers.devices[id: id]
            }
        guard let id = record?.id else { throw .unknownDevice }
        let known = postures[id] ?? DevicePosture()
        let new: DevicePosture
        do {
            new = try known.taking(report.posture, at: now)
        } catch {
            throw .refused(error)
        }
        guard new != known else { return PostureReceipt(device: id, moved: []) }
        postures[id] = new
        effects.ledger.append(.posture(new, device: id, reporter: report.reporter, at: now))
        let movesBefore = effects.moves.count
        review(sessions(ofDevice: id).sorted(), at: now, &effects)
        return PostureReceipt(device: id, moved: Array(effects.moves[movesBefore...]))
    }
}

/// That a report was taken.
package struct PostureReceipt: Sendable, Hashable {
    /// The inventory id of the device that it was about.
    package var device: String
    package var moved: [SessionMove]
}

/// Why a report was not taken.
package enum PostureRejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// No such device on the register.
    case unknownDevice
    case refused(PostureRefusal)
    /// It could not be kept.
    case notRecorded(String)

    package var description: String {
        switch self {
        case .unknownDevice: "no such device on the register"
        case .refused(let refusal): "\(refusal)"
        case .notRecorded(let reason): "it could not be kept: \(reason)"
        }
    }
}
