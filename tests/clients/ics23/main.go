// Verifies what a node proves with the stock ics23 library, up to headers that CometBFT's own light
// client has verified.
//
//	ics23 -address      the account that signs; the chain's genesis must fund it
//	ics23 -rpc URL      makes state by transactions, asks for proofs, verifies them
//
// Prints TAP lines, one a claim, and exits 1 when one does not hold.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/light/provider"
	lighthttp "github.com/cometbft/cometbft/light/provider/http"
	dbs "github.com/cometbft/cometbft/light/store/db"
	rpcclient "github.com/cometbft/cometbft/rpc/client"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	ics23 "github.com/cosmos/ics23/go"
)

const trustingPeriod = 24 * time.Hour

// A chain under test, and what the light client says of it.
type chain struct {
	node  *rpchttp.HTTP
	light *light.Client
}

func openChain(url string) (*chain, error) {
	node, err := rpchttp.New(url, "/websocket")
	if err != nil {
		return nil, err
	}
	first := int64(1)
	trusted, err := node.Commit(context.Background(), &first)
	if err != nil {
		return nil, err
	}
	source, err := lighthttp.New(trusted.ChainID, url)
	if err != nil {
		return nil, err
	}
	client, err := light.NewClient(context.Background(), trusted.ChainID,
		light.TrustOptions{Period: trustingPeriod, Height: 1, Hash: trusted.Hash()},
		source, []provider.Provider{source}, dbs.New(dbm.NewMemDB(), "light"),
		light.SkippingVerification(light.DefaultTrustLevel))
	if err != nil {
		return nil, err
	}
	return &chain{node, client}, nil
}

// appHash is the root of the state after a block: the next header has it. Waits for that one.
func (c *chain) appHash(height int64) ([]byte, error) {
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		verified, failure := c.light.VerifyLightBlockAtHeight(context.Background(), height+1, time.Now().Add(time.Second))
		if failure == nil {
			return verified.AppHash, nil
		}
		err = failure
	}
	return nil, fmt.Errorf("header %d: %w", height+1, err)
}

// place is a key in a store.
type place struct {
	store string
	key   []byte
}

func (p place) String() string { return fmt.Sprintf("%s/%x", p.store, p.key) }

// answer is what the node says of a place, with its proof.
type answer struct {
	place
	height  int64
	value   []byte
	inner   *ics23.CommitmentProof // of the key in its store
	outer   *ics23.CommitmentProof // of the store in the state
	encoded [2][]byte
}

func (c *chain) ask(at place, height int64) (*answer, error) {
	result, err := c.node.ABCIQueryWithOptions(context.Background(), "/store/"+at.store+"/key", at.key,
		rpcclient.ABCIQueryOptions{Height: height, Prove: true})
	if err != nil {
		return nil, err
	}
	response := result.Response
	if response.Code != 0 {
		return nil, fmt.Errorf("%v: code %d: %s", at, response.Code, response.Log)
	}
	if response.Height != height || !bytes.Equal(response.Key, at.key) {
		return nil, fmt.Errorf("%v at %d: the answer is about %x at %d", at, height, response.Key, response.Height)
	}
	if response.ProofOps == nil || len(response.ProofOps.Ops) != 2 {
		return nil, fmt.Errorf("%v: not two proofs", at)
	}
	out := &answer{place: at, height: height, value: response.Value,
		inner: &ics23.CommitmentProof{}, outer: &ics23.CommitmentProof{}}
	for i, want := range []struct {
		kind  string
		key   []byte
		proof *ics23.CommitmentProof
	}{{"ics23:smt", at.key, out.inner}, {"ics23:simple", []byte(at.store), out.outer}} {
		op := response.ProofOps.Ops[i]
		if op.Type != want.kind || !bytes.Equal(op.Key, want.key) {
			return nil, fmt.Errorf("%v: proof %d is a %s of %x", at, i, op.Type, op.Key)
		}
		if err := want.proof.Unmarshal(op.Data); err != nil {
			return nil, fmt.Errorf("%v: proof %d: %w", at, i, err)
		}
		out.encoded[i] = op.Data
	}
	return out, nil
}

// storeRoot is the root that the inner proof leads to.
func storeRoot(inner *ics23.CommitmentProof) []byte {
	root, err := inner.Calculate()
	if err != nil {
		return nil
	}
	return root
}

// inState says whether the store with this root is part of the state.
func inState(appHash []byte, outer *ics23.CommitmentProof, store string, root []byte) bool {
	return len(root) > 0 && ics23.VerifyMembership(ics23.TendermintSpec, appHash, outer, []byte(store), root)
}

// present and absent are all that a verifier does: a key, a proof, and an app hash that it trusts.
func present(appHash []byte, at place, value []byte, inner, outer *ics23.CommitmentProof) bool {
	root := storeRoot(inner)
	return inState(appHash, outer, at.store, root) &&
		ics23.VerifyMembership(ics23.SmtSpec, root, inner, at.key, value)
}

func absent(appHash []byte, at place, inner, outer *ics23.CommitmentProof) bool {
	root := storeRoot(inner)
	return inState(appHash, outer, at.store, root) &&
		ics23.VerifyNonMembership(ics23.SmtSpec, root, inner, at.key)
}

// claims counts and prints.
type claims struct {
	made   int
	failed bool
}

func (c *claims) that(ok bool, format string, values ...any) {
	c.made++
	if !ok {
		c.failed = true
		fmt.Print("not ")
	}
	fmt.Printf("ok - "+format+"\n", values...)
}

// tally is a claim about many cases: all must hold, and there must be enough of them.
type tally struct {
	held   int
	broken []string
}

func (t *tally) add(holds bool, what string) {
	if holds {
		t.held++
	} else {
		t.broken = append(t.broken, what)
	}
}

func (c *claims) all(t tally, least int, what string) {
	c.that(len(t.broken) == 0 && t.held >= least, "%d %s", t.held, what)
	for i, one := range t.broken {
		if i == 5 {
			fmt.Printf("... and %d more\n", len(t.broken)-5)
			break
		}
		fmt.Println(one)
	}
}

func main() {
	address := flag.Bool("address", false, "print the account that signs")
	url := flag.String("rpc", "", "URL of a node")
	flag.Parse()
	if *address {
		fmt.Println(newWallet().text())
		return
	}
	out := &claims{}
	if err := run(*url, out, rand.New(rand.NewSource(23))); err != nil {
		fmt.Println("Bail out!", err)
		os.Exit(1)
	}
	fmt.Printf("1..%d\n", out.made)
	if out.failed {
		os.Exit(1)
	}
}

func run(url string, out *claims, random *rand.Rand) error {
	c, err := openChain(url)
	if err != nil {
		return err
	}
	signer := newWallet()
	if err := signer.load(c.node); err != nil {
		return err
	}
	state, err := makeState(c, signer, random)
	if err != nil {
		return err
	}
	hashes := map[int64][]byte{}
	for _, height := range []int64{state.older, state.latest} {
		if hashes[height], err = c.appHash(height); err != nil {
			return err
		}
	}
	out.that(!bytes.Equal(hashes[state.older], hashes[state.latest]),
		"the light client verified headers %d and %d, whose app hashes differ", state.older+1, state.latest+1)
	proofs, err := positive(c, state, hashes, out, random)
	if err != nil {
		return err
	}
	negative(proofs, hashes, state, out, random)
	return refusals(c, state, out)
}
