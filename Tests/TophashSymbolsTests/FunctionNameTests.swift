import Testing
import TophashTestSupport

@testable import TophashSymbols

@Suite struct FunctionNameTests {
  /// Symbols as the compiler wrote them, and the names they stand for.
  static let names: [(symbol: String, text: String)] = [
    // Functions and their labels.
    ("$s9Warehouse9InventoryC3add_5countySS_SitF", "Inventory.add(_:count:)"),
    ("$s9WarehouseAAV8simulateyyYaF", "Warehouse.simulate()"),
    ("$s3Raw1BC1fyySiF", "B.f(_:)"),
    ("$s3Raw1TV2lgoiySbAC_SaySiGtFZ", "T.<>(_:_:)"),
    ("$s3Raw1TV3zzloiySbAC_ACtFZ", "T...<(_:_:)"),
    ("$s3Raw1BC3ext33_2A76F0CA84EDCBC904053CB24A9F9098LLyyF", "B.ext()"),
    (
      "$s3Raw1TV0057aremovedkeystaysremovedwhileinx_kDahdfhfcJGJCGskbaHmEGfgb_2inySi_SitF",
      "T.`a removed key stays. removed (while) in x`(_:in:)"
    ),
    ("$s9Warehouse9InventoryCACycfC", "Inventory.init()"),
    ("$s9Warehouse9InventoryCfD", "Inventory.deinit"),
    // Accessors.
    ("$s9Warehouse9InventoryC5stockSDySSSiGvg", "Inventory.stock.getter"),
    ("$s9Warehouse9InventoryC5stockSDySSSiGvM", "Inventory.stock.modify"),
    ("$s9Warehouse9InventoryC5stockSDySSSiGvM.resume.0", "Inventory.stock.modify"),
    ("$s3Raw1TV2at_S2i_SStcis", "T.subscript.setter"),
    ("$s4Demo1KC6hidden33_19E11621E7B0913E18524660D72FAAF3LLSDyS2iGvW", "K.hidden.didSet"),
    ("$s9Warehouse9InventoryC5stockSDySSSiGvpfi", "initial value of Inventory.stock"),
    ("$s3Raw10lazyGlobal_WZ", "initialization of lazyGlobal"),
    (
      "$s4Demo1KC6secret33_19E11621E7B0913E18524660D72FAAF3LLyySiFfA_",
      "default argument 0 of K.secret(_:)"
    ),
    // Generics and extensions.
    ("$sSa4DemoE4tidyyyFSi_Tg5", "Array.tidy()"),
    ("$sSD4DemoSSRszrlE4bumpySiSSF", "Dictionary.bump(_:)"),
    ("$s4Demo5CacheCAASiRszrlE4areaSiyF", "Cache.area()"),
    ("$s4Demo1VV4fromACs7Decoder_p_tKcfCTf4nd_n", "V.init(from:)"),
    (
      "$sSD17dictionaryLiteralSDyxq_Gx_q_td_tcfCSS_SiTt0g5Tf4g_n",
      "Dictionary.init(dictionaryLiteral:)"
    ),
    (
      "$ss17_NativeDictionaryV20_copyOrMoveAndResize8capacity12moveElementsySi_SbtFSi_SSTg5",
      "_NativeDictionary._copyOrMoveAndResize(capacity:moveElements:)"
    ),
    // Closures and what lies in functions.
    (
      "$s9WarehouseAAV8simulateyyYaFyScGyytGzYaXEfU_yyYacfU_",
      "closure #1 in closure #1 in Warehouse.simulate()"
    ),
    (
      "$s9Warehouse9InventoryC3add_5countySS_SitFSiyXEfu_",
      "implicit closure #1 in Inventory.add(_:count:)"
    ),
    ("$s4DemoyyYacfU1_", "closure #3 in main"),
    ("$s3Raw5outeryyF3recL_yySiF", "rec(_:) in outer()"),
    ("$s3Raw5outeryyF5LocalL_V4bumpyyF", "Local.bump() in outer()"),
    ("$s3Raw5outeryyF5LocalL_VADycfC", "Local.init() in outer()"),
    ("$s3Raw5outeryyF1zL_Sivg", "z.getter in outer()"),
    // The parts of an async function.
    ("$s9WarehouseAAV8simulateyyYaFTQ1_", "Warehouse.simulate()"),
    ("$s9WarehouseAAV8simulateyyYaFTY2_", "Warehouse.simulate()"),
    (
      "$s9WarehouseAAV8simulateyyYaFyScGyytGzYaXEfU_yyYacfU_TY0_",
      "closure #1 in closure #1 in Warehouse.simulate()"
    ),
    ("async_Main", "main"),
    ("async_MainTQ0_", "main"),
    // What the optimiser leaves behind.
    ("$s9Warehouse9InventoryC3add_5countySS_SitF.cold.1", "Inventory.add(_:count:)"),
    // Other languages.
    ("main", "main"),
    ("pthread_mutex_lock", "pthread_mutex_lock"),
    ("_ZN5swift10beginEPvm", "_ZN5swift10beginEPvm"),
    ("", ""),
  ]

  @Test(arguments: names)
  func `a symbol is named as in the source`(symbol: String, text: String) {
    let name = FunctionName(symbol: symbol)
    #expect(name.text == text)
    #expect(!name.isThunk)
  }

  @Test func `a function made of several is marked`() {
    let merged = FunctionName(symbol: "$s9Warehouse9InventoryC3add_5countySS_SitFTm")
    #expect(merged.text == "Inventory.add(_:count:)")
    #expect(merged.isMerged)
    #expect(!FunctionName(symbol: "$s9Warehouse9InventoryC3add_5countySS_SitF").isMerged)
  }

  @Test(arguments: [
    (
      "$s9WarehouseAAV8simulateyyYaFyScGyytGzYaXEfU_TATQ0_",
      "closure #1 in Warehouse.simulate()"
    ),
    ("$s4Demo1KC4callyyFySiXEfU_TA", "closure #1 in K.call()"),
    ("$s3Raw1DC1fyySiSgFAA1BCADyySiFTV", "D.f(_:)"),
    ("$s2KP1KC1qSDyS2iGvpACTK", "key path to K.q"),
    ("$s3Raw10lazyGlobalSDySSSiGvau", "lazyGlobal"),
    ("$s9Warehouse9InventoryCMa", "type metadata accessor for Warehouse.Inventory"),
    ("$sIetH_yts5Error_pIegHrzo_TRTQ0_", "reabstraction thunk"),
    ("$s4Demo1VVSHAASH4hash4intoys6HasherVz_tFTW", "V.hash(into:)"),
    (
      "$s14WarehouseTests09RacySwiftB0V04$s14a7Tests09cD61B0V0022ordersmeet_ikaBJIDHdla4Tes"
        + "tfMp_17Z7f2e97b2814c78affMu_33_C8F3D5837D4573C02620E23238A0EF86LLyyYaYbKFZTQ1_",
      "macro expansion"
    ),
    (
      "$s14WarehouseTests09RacySwiftB0V04$s14a7Tests09cD61B0V0022ordersmeet_ikaBJIDHdla4Tes"
        + "tfMp_17Z7f2e97b2814c78affMu_33_C8F3D5837D4573C02620E23238A0EF86LLyyYaYbKFZ0eafcdgh1_"
        + "ijkL14_7__localfMu0_L_yyScA_pSgYiYaYbKFTQ1_",
      "macro expansion"
    ),
    (
      "$s14WarehouseTests09RacySwiftB0V04$s14a7Tests09cD69B0V0022ordersmeet_ikaBJIDHdla4Tes"
        + "tfMp_25generator7f2e97b2814c78affMu_33_C8F3D5837D4573C02620E23238A0EF86LL7Testing4Te"
        + "stVyYaYbFZyyYaYbKcfu_",
      "macro expansion"
    ),
  ])
  func `what holds no written code is marked`(symbol: String, text: String) {
    let name = FunctionName(symbol: symbol)
    #expect(name.text == text)
    #expect(name.isThunk)
  }

  @Test(
    arguments: [
      ("$s9Warehouse9InventoryC3add_5countySS_SitF", "Warehouse"),
      ("$s9WarehouseAAV8simulateyyYaFyScGyytGzYaXEfU_TATQ0_", "Warehouse"),
      ("$sSa4DemoE4tidyyyFSi_Tg5", "Demo"),
      ("$ss17_NativeDictionaryV4copyyyFSS_SiTg5", "Swift"),
      ("$s3Raw10lazyGlobal_WZ", "Raw"),
      ("$s4DemoyyYacfU1_", "Demo"),
      ("main", nil),
    ] as [(String, String?)])
  func `the declaring module is known`(symbol: String, module: String?) {
    #expect(FunctionName(symbol: symbol).module == module)
  }

  @Test func `a specialisation may hold unbalanced brackets`() {
    let demangled =
      "function signature specialization <Arg[0] = [Constant Propagated String : u8'a<('>"
      + " of Demo.K.log(Swift.String) -> ()"
    #expect(FunctionName(demangled: demangled).text == "K.log(_:)")
  }

  @Test func `damaged names neither trap nor hang`() {
    for (index, name) in Self.names.enumerated() {
      let mangled = Array(name.symbol.utf8)
      let demangled = Array((demangle(name.symbol) ?? "").utf8)
      let first = UInt64(index) * 1000
      for input in [mangled, demangled] where input.count > 1 {
        for bytes in mutations(of: input, in: 0..<input.count, seeds: first..<first + 100) {
          let text = String(decoding: bytes, as: UTF8.self)
          _ = FunctionName(symbol: text)
          _ = FunctionName(demangled: text)
          _ = simplifyType(text)
        }
      }
    }
    let deep = String(repeating: "partial apply for ", count: 100_000)
    _ = FunctionName(demangled: deep)
    for bracket in ["(", "[", "<", "A<", "closure #1 in "] {
      let deep = String(repeating: bracket, count: 20_000)
      _ = FunctionName(demangled: deep)
      #expect(simplifyType(deep) == deep)
    }
  }
}

@Suite struct SimplifyTypeTests {
  @Test(arguments: [
    (
      "Swift.Dictionary<Swift.String, Swift.Array<Swift.Int>>",
      "[String: [Int]]"
    ),
    ("[Swift.String : [Swift.Int]]", "[String: [Int]]"),
    ("Swift.Set<Swift.Int>", "Set<Int>"),
    ("Swift.Optional<Swift.Int>", "Int?"),
    ("Swift.Optional<Swift.Optional<Swift.Array<Swift.Int>>>", "[Int]??"),
    ("Swift.Optional<(Swift.Int) -> ()>", "((Int) -> ())?"),
    ("Swift.Optional<any Demo.Shape>", "(any Demo.Shape)?"),
    ("Swift.Dictionary<Swift.Int, Swift.Int>.Index", "[Int: Int].Index"),
    ("(Swift.Int, label: Swift.String)", "(Int, label: String)"),
    (
      "@escaping (Foundation.Data) async throws -> Swift.Bool",
      "@escaping (Data) async throws -> Bool"
    ),
    ("Demo.(Hidden in _19E11621E7B0913E18524660D72FAAF3)", "Demo.Hidden"),
    ("Demo.Cache<Swift.Int, Demo.Shape>.Nested", "Demo.Cache<Int, Demo.Shape>.Nested"),
    ("NIOCore.EventLoop", "NIOCore.EventLoop"),
    ("A.Element", "A.Element"),
    ("Swift", "Swift"),
    ("", ""),
    ("Swift.Array<Swift.Int", "Swift.Array<Swift.Int"),
    ("Swift.Int>", "Swift.Int>"),
  ])
  func `types read as in source`(type: String, simple: String) {
    #expect(simplifyType(type) == simple)
  }

  @Test func `the own module goes unnamed`() {
    let type = "Swift.Dictionary<Swift.String, Demo.Cache<Other.Key>>"
    #expect(simplifyType(type, droppingModule: "Demo") == "[String: Cache<Other.Key>]")
    #expect(simplifyType("Demo.Demo", droppingModule: "Demo") == "Demo")
  }
}
