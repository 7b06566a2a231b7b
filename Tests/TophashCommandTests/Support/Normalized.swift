extension String {
  /// With what differs from run to run replaced: numbers of processes, threads and tasks, the
  /// programs' folder, and how far the columns are apart for these.
  var normalized: String {
    replacing(Program.directory, with: "FOLDER")
      .replacing(/(process|thread|task) \d+/) { "\($0.1) N" }
      .replacing(/"(pid|parent|id)" : \d+/) { "\"\($0.1)\" : 1" }
      .replacing(/(?<before>\S)  +/) { "\($0.before)  " }
  }
}
