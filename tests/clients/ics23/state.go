package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand"
	"sort"
)

const receiversPerRound = 110

// state is what the transactions made: the places that are in the state at two heights, and some
// that only the newer one has.
type state struct {
	older, latest int64
	always        []place // in both
	newer         []place // in the latest only
}

// Tables are numbered within their store; a key begins with the number (docs: src/store/key.h).
func row(store string, table byte, parts ...[]byte) place {
	key := []byte{table}
	for _, part := range parts {
		key = append(key, part...)
	}
	return place{store, key}
}

func text(s string) []byte { return append([]byte(s), 0, 1) }
func u32(n uint32) []byte  { return binary.BigEndian.AppendUint32(nil, n) }
func u64(n uint64) []byte  { return binary.BigEndian.AppendUint64(nil, n) }

// Two rounds of transfers that create accounts, with the height after each; in the second a
// provider and a deployment with its order, so that every store holds something.
func makeState(c *chain, signer *wallet, random *rand.Rand) (*state, error) {
	out := &state{always: []place{
		row("chain", 1, []byte{0}), row("chain", 2, []byte{0}), row("accounts", 2, []byte{0}),
		row("bank", 2, text("utoll")), row("bank", 6, signer.bytes()),
		row("registry", 1, u32(1)), row("registry", 5, text("compute")), row("compute", 6, []byte{0}),
		row("accounts", 1, signer.bytes()),
	}}
	round := func(places *[]place) (int64, error) {
		var transfers [][]byte
		for i := 0; i < receiversPerRound; i++ {
			receiver := make([]byte, 20)
			random.Read(receiver)
			transfers = append(transfers, signer.transfer(receiver, fmt.Sprint(1+random.Intn(1_000_000))))
			*places = append(*places, row("accounts", 1, receiver))
		}
		return signer.send(c.node, transfers...)
	}
	var err error
	if out.older, err = round(&out.always); err != nil {
		return nil, err
	}
	if _, err = round(&out.newer); err != nil {
		return nil, err
	}
	const dseq = 7
	if out.latest, err = signer.send(c.node, signer.register(), signer.deploy(dseq)); err != nil {
		return nil, err
	}
	out.newer = append(out.newer,
		row("registry", 2, signer.bytes()), row("market", 1, u64(1)), row("market", 6, u32(1), u64(1)),
		row("escrow", 1, u64(1)), row("compute", 1, signer.bytes(), u64(dseq)),
		row("compute", 2, signer.bytes(), u64(dseq), u32(1)))
	return out, nil
}

// Keys that nobody wrote, by where they lie among the hashes of a store's keys.
type gap struct {
	place
	kind string
}

// withHash looks for a key whose hash is as wanted.
func withHash(store string, table byte, random *rand.Rand, wanted func(hash [32]byte) bool) place {
	for {
		key := make([]byte, 21)
		random.Read(key)
		key[0] = table
		if wanted(sha256.Sum256(key)) {
			return place{store, key}
		}
	}
}

func gaps(known []place, random *rand.Rand) []gap {
	var out []gap
	for i := 0; i < 12; i++ {
		for _, store := range []string{"accounts", "bank"} {
			out = append(out,
				gap{withHash(store, 1, random, func(h [32]byte) bool { return h[0] == 0 && h[1] == 0 }), "left of all"},
				gap{withHash(store, 1, random, func(h [32]byte) bool { return h[0] == 255 && h[1] == 255 }), "right of all"},
				gap{withHash(store, 1, random, func([32]byte) bool { return true }), "between"})
		}
	}
	for _, at := range known {
		hash := sha256.Sum256(at.key)
		longer := append(append([]byte{}, at.key...), byte(random.Intn(256)))
		other := append([]byte{}, at.key...)
		other[len(other)-1] ^= 1
		out = append(out,
			gap{place{at.store, longer}, "prefix neighbour"},
			gap{place{at.store, at.key[:len(at.key)-1]}, "prefix neighbour"},
			gap{place{at.store, other}, "next key"},
			// Shares the first levels of the tree with a leaf.
			gap{withHash(at.store, at.key[0], random, func(h [32]byte) bool {
				return h[0] == hash[0] && h[1]&0xf0 == hash[1]&0xf0
			}), "neighbour in the tree"})
	}
	taken := map[string]bool{}
	for _, at := range known {
		taken[at.String()] = true
	}
	free := out[:0]
	for _, one := range out {
		if !taken[one.String()] && len(one.key) > 0 {
			free = append(free, one)
		}
	}
	sort.SliceStable(free, func(i, j int) bool { return free[i].kind < free[j].kind })
	return free
}
