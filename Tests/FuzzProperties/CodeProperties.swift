import Evidence
import Sessions

/// What holds for what people type as passwords, and for files of seeds.
enum CodeProperties {
    static func violation(in input: [UInt8]) -> String? {
        loginViolation(input) ?? seedViolation(input)
    }

    private static func loginViolation(_ input: [UInt8]) -> String? {
        guard let login = try? LoginPassword(Secret(input)) else { return nil }
        let code = login.code.map { $0.withBytes { $0 } } ?? []
        if code.contains(UInt8(ascii: " ")) { return "a space in a code" }
        switch login.form {
        case .password:
            guard login.password.matches(Secret(input)), login.code == nil else { return "another password" }
        case .code:
            guard code.elementsEqual(input), [6, 8].contains(code.count) else { return "another code" }
        case .staticChallenge:
            let fields = [login.password.withBytes { $0 }, code].map { BinaryText.base64.encode($0) }
            let text = Array("SCRV1:".utf8) + fields.joined(separator: [UInt8(ascii: ":")])
            guard let again = try? LoginPassword(Secret(text)), again.form == .staticChallenge,
                again.password.matches(login.password), (again.code.map { $0.withBytes { $0 } } ?? []) == code
            else { return "otherwise when it is written again" }
        case .dynamicChallenge(let state):
            let text = Array("CRV1::\(state)::".utf8) + code
            guard let again = try? LoginPassword(Secret(text)), again.form == login.form else {
                return "another challenge when it is written again"
            }
        case .sessionToken:
            guard login.code == nil else { return "a token with a code" }
        }
        return nil
    }

    private static func seedViolation(_ input: [UInt8]) -> String? {
        let lines = input.count { $0 == 0x0a } + 1
        let problems: [TOTPSeedFile.Problem]
        switch TOTPSeedFile.parse(input) {
        case .success(let file):
            problems = file.warnings
            if problems.contains(where: \.isError) { return "seeds with errors" }
            if file.seeds.count > lines { return "more seeds than lines" }
            for seed in file.seeds.values {
                let code = seed.code(step: 1).withBytes { $0 }
                if code.count != seed.digits || !code.allSatisfy({ (48...57).contains($0) }) {
                    return "a code that is none"
                }
            }
        case .failure(let failure):
            problems = failure.all
            if !problems.contains(where: \.isError) { return "refused for no reason" }
        }
        for problem in problems where !(1...lines).contains(problem.line) {
            return "a problem in line \(problem.line)"
        }
        return nil
    }
}
