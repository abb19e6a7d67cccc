import Testing

@testable import ComplianceService

/// RFC 6962, 2.1, word for word: slow, and right.
enum NaiveTree {
    private static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }

    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        guard leaves.count > 1 else { return leaves.first.map(MerkleHash.leaf) ?? MerkleHash.empty }
        let middle = leaves.startIndex + split(leaves.count)
        return MerkleHash.node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    static func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        guard leaves.count > 1 else { return [] }
        let (count, start) = (split(leaves.count), leaves.startIndex)
        return index < count
            ? path(index, leaves[..<(start + count)]) + [root(leaves[(start + count)...])]
            : path(index - count, leaves[(start + count)...]) + [root(leaves[..<(start + count)])]
    }

    static func proof(_ first: Int, _ leaves: ArraySlice<[UInt8]>, isWhole: Bool = true) -> [[UInt8]] {
        guard first < leaves.count else { return isWhole ? [] : [root(leaves)] }
        let (count, start) = (split(leaves.count), leaves.startIndex)
        return first <= count
            ? proof(first, leaves[..<(start + count)], isWhole: isWhole) + [root(leaves[(start + count)...])]
            : proof(first - count, leaves[(start + count)...], isWhole: false) + [root(leaves[..<(start + count)])]
    }
}

@Suite struct AuditMerkleTests {
    private static func leaves(_ count: Int) -> [[UInt8]] { (0..<count).map { Array("leaf \($0)".utf8) } }

    /// Hashes of subtrees, worked out from all leaves.
    private static func answer(_ query: MerkleQuery, _ leaves: [[UInt8]]) -> [[UInt8]] {
        query.answer(
            query.nodes.map { node in
                MerkleTile.perfect(leaves[Int(node.start)..<Int(node.end)].map(MerkleHash.leaf))
            })
    }

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }

    /// The vectors that Certificate Transparency's implementations share.
    @Test func knownTrees() {
        let leaves = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
        ].map(Self.bytes)
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ].map(Self.bytes)
        #expect(MerkleHash.empty == Self.bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
        var frontier = MerkleFrontier()
        for (index, leaf) in leaves.enumerated() {
            frontier.append(leafHash: MerkleHash.leaf(leaf))
            #expect(frontier.root == roots[index])
        }
        let path = Self.answer(MerkleProof.inclusion(of: 5, size: 8), leaves)
        #expect(
            path
                == [
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ].map(Self.bytes))
        let proof = Self.answer(MerkleProof.consistency(from: 6, to: 8), leaves)
        #expect(
            proof
                == [
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ].map(Self.bytes))
    }

    @Test func rootsAndPathsOfAllSizes() {
        let leaves = Self.leaves(130)
        for size in 1...leaves.count {
            let part = leaves[..<size]
            let root = NaiveTree.root(part)
            #expect(Self.answer(MerkleProof.root(size: Int64(size)), leaves) == [root])
            for index in stride(from: 0, to: size, by: size < 20 ? 1 : 7) {
                let path = Self.answer(MerkleProof.inclusion(of: Int64(index), size: Int64(size)), leaves)
                #expect(path == NaiveTree.path(index, part))
                let leaf = MerkleHash.leaf(leaves[index])
                let shown = MerkleVerification.root(
                    leafHash: leaf, index: Int64(index), size: Int64(size), proof: path)
                #expect(shown == root)
            }
        }
    }

    @Test func consistencyOfAllSizes() {
        let leaves = Self.leaves(70)
        let roots = (0...leaves.count).map { NaiveTree.root(leaves[..<$0]) }
        for second in 1...leaves.count {
            for first in 1...second {
                let proof = Self.answer(MerkleProof.consistency(from: Int64(first), to: Int64(second)), leaves)
                #expect(proof == NaiveTree.proof(first, leaves[..<second]))
                func isConsistent(_ old: [UInt8], _ new: [UInt8], _ proof: [[UInt8]]) -> Bool {
                    MerkleVerification.isConsistent(first: Int64(first), old, second: Int64(second), new, proof: proof)
                }
                #expect(isConsistent(roots[first], roots[second], proof))
                #expect(!isConsistent(roots[first - 1], roots[second], proof))
                #expect(!isConsistent(roots[first], roots[second - 1], proof) || first == second - 1 && second == 1)
                #expect(!isConsistent(roots[first], roots[second], proof + [roots[0]]))
                if !proof.isEmpty { #expect(!isConsistent(roots[first], roots[second], Array(proof.dropLast()))) }
            }
        }
    }

    @Test func aWrongPathLeadsElsewhere() {
        let leaves = Self.leaves(100)
        let root = NaiveTree.root(leaves[...])
        let path = NaiveTree.path(37, leaves[...])
        func shown(_ index: Int64, _ size: Int64, _ path: [[UInt8]], leaf: Int = 37) -> [UInt8]? {
            MerkleVerification.root(leafHash: MerkleHash.leaf(leaves[leaf]), index: index, size: size, proof: path)
        }
        #expect(shown(37, 100, path) == root)
        #expect(shown(36, 100, path) != root)
        #expect(shown(37, 100, path, leaf: 38) != root)
        #expect(shown(37, 64, path) == nil)
        #expect(shown(37, 100, Array(path.dropLast())) == nil)
        #expect(shown(37, 100, path + [root]) == nil)
        #expect(shown(100, 100, path) == nil)
        #expect(shown(-1, 100, path) == nil)
        for place in path.indices {
            var other = path
            other[place][31] ^= 1
            #expect(shown(37, 100, other) != root)
        }
    }

    /// What stands beside a part of a tree and the part's leaves make the tree.
    @Test func partsAndWhatIsBesideThem() {
        let leaves = Self.leaves(40)
        let hashes = leaves.map(MerkleHash.leaf)
        for size in 0...leaves.count {
            let root = NaiveTree.root(leaves[..<size])
            for first in stride(from: 0, through: size, by: 3) {
                for end in first...size {
                    let (before, after) = MerkleProof.beside(Int64(first)..<Int64(end), size: Int64(size))
                    func hash(_ node: MerkleNode) -> [UInt8] {
                        MerkleTile.perfect(hashes[Int(node.start)..<Int(node.end)])
                    }
                    var frontier = MerkleFrontier(size: Int64(first), hashes: before.map(hash)) ?? MerkleFrontier()
                    for index in first..<end { frontier.append(leafHash: hashes[index]) }
                    for node in after { frontier.append(hash(node), level: node.level) }
                    #expect(frontier.size == Int64(size))
                    #expect(frontier.root == root)
                }
            }
        }
    }

    @Test func theFrontierIsKeptAsBytes() {
        var frontier = MerkleFrontier()
        for (index, leaf) in Self.leaves(70).enumerated() {
            frontier.append(leafHash: MerkleHash.leaf(leaf))
            #expect(MerkleFrontier(size: Int64(index + 1), bytes: frontier.bytes) == frontier)
        }
        #expect(MerkleFrontier(size: 71, bytes: frontier.bytes) == nil)
        #expect(MerkleFrontier(size: -1, bytes: []) == nil)
    }
}
