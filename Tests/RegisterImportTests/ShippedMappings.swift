import Foundation
import PolicyLanguage
import RegisterImport
import Testing

/// The mappings under `rules/imports`.
enum ShippedMappings {
    static let names = ["entra-users", "google-users", "intune-devices", "jamf-computers"]

    static func text(_ name: String) throws -> String {
        try GoldenCase.text(Folders.repository.appending(path: "rules/imports/\(name).yaml"))
    }

    static func texts() throws -> [String] { try names.map(text) }

    static func all() throws -> [ImportMapping] {
        try names.map { name in
            let log = DiagnosticLog()
            let mapping = ImportMapping.read(path: "\(name).yaml", text: try text(name), log: log)
            return try #require(mapping, "\(DiagnosticRenderer.text(log.diagnostics))")
        }
    }
}
