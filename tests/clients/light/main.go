// Verifies headers and commits with CometBFT's own light client: one by one, and by skipping.
//
//	light -file BLOCKS            hexadecimal tendermint.types.LightBlock messages, one a line
//	light -rpc URL -count N       the last N heights of a running node
//
// Prints four TAP lines, one a claim, and exits 1 when one does not hold.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/light/provider"
	lighthttp "github.com/cometbft/cometbft/light/provider/http"
	dbs "github.com/cometbft/cometbft/light/store/db"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	"github.com/cometbft/cometbft/types"
)

const trustingPeriod = 100 * 365 * 24 * time.Hour

// blocks serves light blocks from memory.
type blocks struct {
	chainID  string
	byHeight map[int64]*types.LightBlock
	last     int64
}

func (b *blocks) ChainID() string { return b.chainID }

func (b *blocks) LightBlock(_ context.Context, height int64) (*types.LightBlock, error) {
	if height == 0 {
		height = b.last
	}
	if block, ok := b.byHeight[height]; ok {
		return block, nil
	}
	return nil, provider.ErrLightBlockNotFound
}

func (b *blocks) ReportEvidence(context.Context, types.Evidence) error { return nil }

func fromFile(path string) (*blocks, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out := &blocks{byHeight: map[int64]*types.LightBlock{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		raw, err := hex.DecodeString(lines.Text())
		if err != nil {
			return nil, err
		}
		var message cmtproto.LightBlock
		if err := message.Unmarshal(raw); err != nil {
			return nil, err
		}
		block, err := types.LightBlockFromProto(&message)
		if err != nil {
			return nil, err
		}
		out.add(block)
	}
	return out, lines.Err()
}

func fromRPC(url string, count int64) (*blocks, error) {
	asking, err := rpchttp.New(url, "/websocket")
	if err != nil {
		return nil, err
	}
	status, err := asking.Status(context.Background())
	if err != nil {
		return nil, err
	}
	node, err := lighthttp.New(status.NodeInfo.Network, url)
	if err != nil {
		return nil, err
	}
	latest := status.SyncInfo.LatestBlockHeight
	out := &blocks{byHeight: map[int64]*types.LightBlock{}}
	first := max(latest-count+1, 1)
	for height := first; height <= latest; height++ {
		block, err := node.LightBlock(context.Background(), height)
		if err != nil {
			return nil, fmt.Errorf("height %d: %w", height, err)
		}
		out.add(block)
	}
	return out, nil
}

func (b *blocks) add(block *types.LightBlock) {
	b.byHeight[block.Height] = block
	b.chainID = block.ChainID
	b.last = max(b.last, block.Height)
}

func (b *blocks) first() int64 { return b.last - int64(len(b.byHeight)) + 1 }

// verify trusts the first block and asks the light client about the last.
func verify(source *blocks, option light.Option) (stored int, err error) {
	first := source.byHeight[source.first()]
	store := dbs.New(dbm.NewMemDB(), "light")
	client, err := light.NewClient(context.Background(), source.chainID,
		light.TrustOptions{Period: trustingPeriod, Height: first.Height, Hash: first.Hash()},
		source, []provider.Provider{source}, store, option)
	if err != nil {
		return 0, err
	}
	now := source.byHeight[source.last].Time.Add(time.Second)
	_, err = client.VerifyLightBlockAtHeight(context.Background(), source.last, now)
	return int(store.Size()), err
}

// tampered returns the blocks with another last header, which the commit names but nobody signed.
func tampered(source *blocks) *blocks {
	out := &blocks{chainID: source.chainID, byHeight: map[int64]*types.LightBlock{}, last: source.last}
	for height, block := range source.byHeight {
		out.byHeight[height] = block
	}
	block := *source.byHeight[source.last]
	signed := *block.SignedHeader
	header := *signed.Header
	header.AppHash = bytes.Repeat([]byte{1}, 32)
	signed.Header = &header
	commit := *signed.Commit
	commit.BlockID.Hash = header.Hash()
	signed.Commit = &commit
	block.SignedHeader = &signed
	out.byHeight[source.last] = &block
	return out
}

func main() {
	file := flag.String("file", "", "light blocks, one a line")
	rpc := flag.String("rpc", "", "URL of a node")
	count := flag.Int64("count", 100, "how many of the last heights to verify")
	flag.Parse()

	var source *blocks
	var err error
	if *rpc != "" {
		source, err = fromRPC(*rpc, *count)
	} else {
		source, err = fromFile(*file)
	}
	if err != nil {
		fmt.Println("Bail out!", err)
		os.Exit(1)
	}

	failed := false
	claim := func(ok bool, text string) {
		failed = failed || !ok
		if ok {
			fmt.Println("ok -", text)
		} else {
			fmt.Println("not ok -", text)
		}
	}
	stored, err := verify(source, light.SequentialVerification())
	claim(err == nil && stored >= 1,
		fmt.Sprintf("CometBFT's light client verifies headers %d to %d of %s one by one (%v)", source.first(), source.last, source.chainID, err))
	stored, err = verify(source, light.SkippingVerification(light.DefaultTrustLevel))
	claim(err == nil && stored >= 1,
		fmt.Sprintf("and from %d to %d by skipping (%v)", source.first(), source.last, err))
	_, err = verify(tampered(source), light.SkippingVerification(light.DefaultTrustLevel))
	claim(err != nil, fmt.Sprintf("it refuses a header that the validator did not sign (%v)", err))
	claim(int64(len(source.byHeight)) >= *count,
		fmt.Sprintf("%d blocks were looked at", len(source.byHeight)))
	if failed {
		os.Exit(1)
	}
}
