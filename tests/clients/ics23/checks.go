package main

import (
	"context"
	"fmt"
	"math/rand"

	rpcclient "github.com/cometbft/cometbft/rpc/client"
	ics23 "github.com/cosmos/ics23/go"
)

const least = 100

// proofs are those that were verified.
type proofs struct{ present, absent []*answer }

func positive(c *chain, s *state, hashes map[int64][]byte, out *claims, random *rand.Rand) (*proofs, error) {
	done := &proofs{}
	everything := append(append([]place{}, s.always...), s.newer...)
	prove := func(places []place, height int64, existing bool, t *tally) {
		for _, at := range places {
			a, err := c.ask(at, height)
			if err != nil {
				t.add(false, err.Error())
				continue
			}
			what := fmt.Sprintf("%v at height %d", at, height)
			if existing {
				t.add(len(a.value) > 0 && present(hashes[height], at, a.value, a.inner, a.outer), what)
				done.present = append(done.present, a)
			} else {
				t.add(len(a.value) == 0 && absent(hashes[height], at, a.inner, a.outer), what)
				done.absent = append(done.absent, a)
			}
		}
	}

	var latest, older, notYet tally
	prove(everything, s.latest, true, &latest)
	out.all(latest, least, "keys are proven present at the latest height, in every store")
	prove(s.always, s.older, true, &older)
	out.all(older, least, fmt.Sprintf("keys are proven present at an older height (%d of %d)", s.older, s.latest))
	var born []place // a store that was empty then cannot be proven: below
	for _, at := range s.newer {
		if at.store == "accounts" || at.store == "bank" {
			born = append(born, at)
		}
	}
	prove(born, s.older, false, &notYet)
	out.all(notYet, least, "keys are proven absent at the older height that are present at the latest")

	byKind := map[string]*tally{}
	sides := map[string]*tally{"left of all": {}, "right of all": {}}
	for _, one := range gaps(everything, random) {
		if byKind[one.kind] == nil {
			byKind[one.kind] = &tally{}
		}
		before := len(done.absent)
		prove([]place{one.place}, s.latest, false, byKind[one.kind])
		if t := sides[one.kind]; t != nil && len(done.absent) > before {
			proof := done.absent[before].inner.GetNonexist()
			t.add((proof.Left == nil) == (one.kind == "left of all") &&
				(proof.Right == nil) == (one.kind == "right of all"), one.String())
		}
	}
	for _, kind := range []struct {
		name  string
		least int
	}{{"left of all", 20}, {"right of all", 20}, {"between", 20}, {"prefix neighbour", least},
		{"next key", least}, {"neighbour in the tree", least}} {
		t := byKind[kind.name]
		if t == nil {
			return nil, fmt.Errorf("no keys of kind %s", kind.name)
		}
		out.all(*t, kind.least, "keys are proven absent: "+kind.name)
	}
	out.all(*sides["left of all"], 20, "proofs of what is left of all have no left neighbour")
	out.all(*sides["right of all"], 20, "proofs of what is right of all have no right neighbour")
	return done, nil
}

// Everything that must be refused, derived from what was accepted.
func negative(p *proofs, hashes map[int64][]byte, s *state, out *claims, random *rand.Rand) {
	flip := func(b []byte) []byte {
		copied := append([]byte{}, b...)
		copied[random.Intn(len(copied))] ^= byte(1 << random.Intn(8))
		return copied
	}
	var value, key, root, inner, outer, store, height, swapped, empty tally
	for i, a := range p.present {
		hash, what := hashes[a.height], a.String()
		value.add(!present(hash, a.place, flip(a.value), a.inner, a.outer), what)
		empty.add(!present(hash, a.place, nil, a.inner, a.outer), what)
		key.add(!present(hash, place{a.store, flip(a.key)}, a.value, a.inner, a.outer), what)
		root.add(!present(flip(hash), a.place, a.value, a.inner, a.outer), what)
		store.add(!present(hash, place{a.store + "x", a.key}, a.value, a.inner, a.outer), what)
		height.add(!present(hashes[s.older+s.latest-a.height], a.place, a.value, a.inner, a.outer), what)
		swapped.add(!absent(hash, a.place, a.inner, a.outer), what)
		for range 4 {
			damaged := flip(a.encoded[0])
			proof := &ics23.CommitmentProof{}
			inner.add(proof.Unmarshal(damaged) != nil || !present(hash, a.place, a.value, proof, a.outer),
				fmt.Sprintf("%s: %x", what, damaged))
			damaged = flip(a.encoded[1])
			proof = &ics23.CommitmentProof{}
			outer.add(proof.Unmarshal(damaged) != nil || !present(hash, a.place, a.value, a.inner, proof),
				fmt.Sprintf("%s: %x", what, damaged))
		}
		other := p.present[(i+1)%len(p.present)]
		key.add(!present(hash, other.place, other.value, a.inner, a.outer), what+" for "+other.String())
	}
	out.all(value, least, "presence proofs are refused with a bit of the value flipped")
	out.all(empty, least, "presence proofs are refused with an empty value")
	out.all(key, least, "presence proofs are refused with a bit of the key flipped, and for another key")
	out.all(root, least, "presence proofs are refused with a bit of the app hash flipped")
	out.all(height, least, "presence proofs are refused under the app hash of another height")
	out.all(store, least, "presence proofs are refused for another store")
	out.all(inner, least, "presence proofs are refused with a bit of the key's proof flipped")
	out.all(outer, least, "presence proofs are refused with a bit of the store's proof flipped")
	out.all(swapped, least, "presence proofs do not pass as absence")

	var neighbour, path, side, asPresence, absentRoot tally
	for _, a := range p.absent {
		hash, what := hashes[a.height], a.String()
		claimed := a.inner.GetNonexist()
		asPresence.add(!present(hash, a.place, []byte{1}, a.inner, a.outer), what)
		absentRoot.add(!absent(flip(hash), a.place, a.inner, a.outer), what)
		for _, beside := range []*ics23.ExistenceProof{claimed.Left, claimed.Right} {
			if beside == nil {
				continue
			}
			neighbour.add(!absent(hash, place{a.store, beside.Key}, a.inner, a.outer), what)
			present := &ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Exist{Exist: beside}}
			asPresence.add(!absent(hash, a.place, present, a.outer), what)
			// Everything that the proof says of a neighbour counts.
			for _, part := range parts(beside) {
				kept := *part
				*part = flip(kept)
				path.add(!absent(hash, a.place, a.inner, a.outer), fmt.Sprintf("%s: %x", what, *part))
				*part = kept
			}
		}
		left, right := claimed.Left, claimed.Right
		if left != nil {
			claimed.Left = nil
			side.add(!absent(hash, a.place, a.inner, a.outer), what)
			claimed.Left = left
		}
		if right != nil {
			claimed.Right = nil
			side.add(!absent(hash, a.place, a.inner, a.outer), what)
			claimed.Right = right
		}
	}
	out.all(asPresence, least, "absence proofs do not pass as presence, nor do their neighbours alone as absence")
	out.all(neighbour, least, "absence proofs are refused for the keys beside the gap")
	out.all(side, least, "absence proofs are refused without one of their neighbours")
	out.all(path, least, "absence proofs are refused with a bit of a neighbour flipped")
	out.all(absentRoot, least, "absence proofs are refused with a bit of the app hash flipped")
}

// parts are the bytes of an existence proof, those that are not empty.
func parts(p *ics23.ExistenceProof) []*[]byte {
	all := []*[]byte{&p.Key, &p.Value, &p.Leaf.Prefix}
	for _, step := range p.Path {
		all = append(all, &step.Prefix, &step.Suffix)
	}
	out := all[:0]
	for _, part := range all {
		if len(*part) > 0 {
			out = append(out, part)
		}
	}
	return out
}

// What has no proof is refused, not answered with something that looks like one.
func refusals(c *chain, s *state, out *claims) error {
	for _, one := range []struct {
		what   string
		at     place
		height int64
	}{
		{"the empty key", place{"bank", nil}, s.latest},
		{"a store that does not exist", place{"nothing", []byte{1}}, s.latest},
		{"a store that was empty at that height", row("market", 1, u64(1)), s.older},
		{"a height that is not there yet", s.always[0], s.latest + 1_000_000},
	} {
		result, err := c.node.ABCIQueryWithOptions(context.Background(), "/store/"+one.at.store+"/key", one.at.key,
			rpcclient.ABCIQueryOptions{Height: one.height, Prove: true})
		if err != nil {
			return err
		}
		response := result.Response
		out.that(response.Code != 0 && response.ProofOps == nil && len(response.Value) == 0,
			"%s is refused (%s)", one.what, response.Log)
	}
	return nil
}
