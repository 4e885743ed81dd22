package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/crypto/secp256k1"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/btcutil/bech32"
	"google.golang.org/protobuf/encoding/protowire"
)

// Protobuf messages, built field by field: number and value in turn. Values are numbers, text,
// bytes, or messages made by this function.
func message(fields ...any) []byte {
	var out []byte
	for i := 0; i < len(fields); i += 2 {
		number := protowire.Number(fields[i].(int))
		switch value := fields[i+1].(type) {
		case int:
			out = protowire.AppendVarint(protowire.AppendTag(out, number, protowire.VarintType), uint64(value))
		case string:
			out = protowire.AppendString(protowire.AppendTag(out, number, protowire.BytesType), value)
		case []byte:
			out = protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), value)
		default:
			panic(fmt.Sprintf("field %d is a %T", number, value))
		}
	}
	return out
}

// field returns what stands in a message under a number: a number, or bytes.
func field(raw []byte, wanted protowire.Number) (number uint64, value []byte) {
	for len(raw) > 0 {
		at, kind, size := protowire.ConsumeTag(raw)
		if size < 0 {
			return 0, nil
		}
		rest := protowire.ConsumeFieldValue(at, kind, raw[size:])
		if rest < 0 {
			return 0, nil
		}
		if at == wanted {
			if kind == protowire.VarintType {
				number, _ = protowire.ConsumeVarint(raw[size:])
			} else if kind == protowire.BytesType {
				value, _ = protowire.ConsumeBytes(raw[size:])
			}
		}
		raw = raw[size+rest:]
	}
	return number, value
}

func anyOf(typeURL string, value []byte) []byte { return message(1, typeURL, 2, value) }

func coin(amount string) []byte { return message(1, "utoll", 2, amount) }

func addressText(bytes []byte) string {
	words, err := bech32.ConvertBits(bytes, 8, 5, true)
	if err != nil {
		panic(err)
	}
	text, err := bech32.Encode("turn", words)
	if err != nil {
		panic(err)
	}
	return text
}

// A wallet signs real transactions (SIGN_MODE_DIRECT) for one account.
type wallet struct {
	key      secp256k1.PrivKey
	chainID  string
	number   uint64
	sequence uint64
}

func newWallet() *wallet {
	return &wallet{key: secp256k1.GenPrivKeySecp256k1([]byte("the ics23 test's only signer"))}
}

func (w *wallet) bytes() []byte { return w.key.PubKey().Address() }
func (w *wallet) text() string  { return addressText(w.bytes()) }

// load asks the node for the chain, the account's number and its sequence.
func (w *wallet) load(node *rpchttp.HTTP) error {
	status, err := node.Status(context.Background())
	if err != nil {
		return err
	}
	w.chainID = status.NodeInfo.Network
	answer, err := node.ABCIQuery(context.Background(), "/cosmos.auth.v1beta1.Query/Account", message(1, w.text()))
	if err != nil {
		return err
	}
	if answer.Response.Code != 0 {
		return fmt.Errorf("no account %s: %s", w.text(), answer.Response.Log)
	}
	_, packed := field(answer.Response.Value, 1)
	_, account := field(packed, 2)
	w.number, _ = field(account, 3)
	w.sequence, _ = field(account, 4)
	return nil
}

func (w *wallet) sign(packed ...[]byte) types.Tx {
	var body []byte
	for _, one := range packed {
		body = append(body, message(1, one)...)
	}
	key := anyOf("/cosmos.crypto.secp256k1.PubKey", message(1, w.key.PubKey().Bytes()))
	signer := message(1, key, 2, message(1, message(1, 1)))
	if w.sequence > 0 {
		signer = append(signer, message(3, int(w.sequence))...)
	}
	auth := message(1, signer, 2, message(1, coin("5000"), 2, 2_000_000))
	toSign := message(1, body, 2, auth, 3, w.chainID, 4, int(w.number))
	signature, err := w.key.Sign(toSign)
	if err != nil {
		panic(err)
	}
	w.sequence++
	return message(1, body, 2, auth, 3, signature)
}

// send puts transactions into blocks and returns the height of the last.
func (w *wallet) send(node *rpchttp.HTTP, packed ...[]byte) (height int64, err error) {
	var last types.Tx
	for _, one := range packed {
		last = w.sign(one)
		checked, err := node.BroadcastTxSync(context.Background(), last)
		if err != nil {
			return 0, err
		}
		if checked.Code != 0 {
			return 0, fmt.Errorf("refused: %s", checked.Log)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if found, err := node.Tx(context.Background(), last.Hash(), false); err == nil {
			if found.TxResult.Code != 0 {
				return 0, fmt.Errorf("failed: %s", found.TxResult.Log)
			}
			return found.Height, nil
		}
	}
	return 0, fmt.Errorf("the last of %d transactions is in no block after 30 s", len(packed))
}

func (w *wallet) transfer(to []byte, amount string) []byte {
	return anyOf("/cosmos.bank.v1beta1.MsgSend", message(1, w.text(), 2, addressText(to), 3, coin(amount)))
}

func (w *wallet) register() []byte {
	return anyOf("/akash.provider.v1beta4.MsgCreateProvider",
		message(1, w.text(), 2, "https://provider.example:8443"))
}

// deploy opens a deployment of one small group, which becomes one open order.
func (w *wallet) deploy(dseq int) []byte {
	quantity := func(number string) []byte { return message(1, []byte(number)) }
	resources := message(1, 1,
		2, message(1, quantity("100")),
		3, message(1, quantity("134217728")),
		4, message(1, "default", 2, quantity("134217728")),
		5, message(1, quantity("0")),
		6, message())
	unit := message(1, resources, 2, 1, 3, message(1, "utoll", 2, "100000000000000000000"))
	return anyOf("/akash.deployment.v1beta4.MsgCreateDeployment",
		message(1, message(1, w.text(), 2, dseq),
			2, message(1, "g", 3, unit),
			3, make([]byte, 32),
			4, message(1, coin("500000"), 5, 1)))
}
