import TophashSymbols

/// One conflict, as often as it was seen.
///
/// The general model, for any map: a *cell* has a current *version* that some *writer* made, and
/// a *conflict* is a write whose writer was not ordered after that version. Here the cell is a
/// whole variable, since Swift's collections are values that are modified as a whole; the
/// writers are the owners of the two sides; and that both accesses were open at one moment
/// proves that nothing ordered them. A store of keyed cells would have findings of the same
/// shape, with a key beside the variable and clients in place of tasks.
package struct Finding: Hashable, Sendable {
  /// A process in which it was seen.
  package struct Place: Hashable, Sendable, Comparable {
    package var pid: Int32
    package var program: String

    package init(pid: Int32, program: String) {
      self.pid = pid
      self.program = program
    }

    package static func < (left: Self, right: Self) -> Bool {
      (left.pid, left.program) < (right.pid, right.program)
    }
  }

  package var grade: Grade
  package var variable: Variable
  /// The access that was open when the other began; of unordered ones, the one that came first.
  package var open: Side
  /// The access that began while the other was open, or later.
  package var begun: Side
  /// Of what is only a candidate: what was done to prove it.
  package var tried: Tried?
  /// How often these two sites met, over all processes.
  package var occurrences: UInt64
  /// The processes in which they met, by number.
  package var processes: [Place]
  package var fingerprint: Fingerprint
  /// The tests in which they met, each combination once.
  package var involvements: [TestInvolvement]
  /// The run that showed it first, by its place among the report's runs.
  package var run = 0
  /// Why nobody has to look at it; `nil` when somebody has to.
  package var suppression: Suppression?
  /// How it stands to an earlier report; `nil` where none was compared.
  package var comparison: Comparison?

  package init(
    grade: Grade, variable: Variable, open: Side, begun: Side, tried: Tried? = nil,
    occurrences: UInt64 = 1, processes: [Place] = []
  ) {
    self.grade = grade
    self.variable = variable
    self.open = open
    self.begun = begun
    self.tried = tried
    self.occurrences = occurrences
    self.processes = processes
    fingerprint = Fingerprint(variable: variable, open, begun)
    involvements = TestInvolvement(open.test, begun.test).map { [$0] } ?? []
  }

  /// Whether somebody has to look at it.
  package var isOpen: Bool { suppression == nil && comparison != .gone }

  /// Both sides, in the order in which they began.
  package var sides: [Side] { [open, begun] }
}
