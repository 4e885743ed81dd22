// usage: node check.mjs RPC_URL MNEMONIC_OF_A_FUNDED_ACCOUNT
//
// What a developer does with CosmJS, against our node: make a wallet, look, send, find the transaction, read back.
// Prints TAP.
import assert from "node:assert/strict";
import { DirectSecp256k1HdWallet } from "@cosmjs/proto-signing";
import { GasPrice, SigningStargateClient, StargateClient, assertIsDeliverTxSuccess, coins } from "@cosmjs/stargate";
import { Comet38Client, connectComet } from "@cosmjs/tendermint-rpc";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";

const [url, mnemonic] = process.argv.slice(2);
let count = 0;
async function claim(what, check) {
  count += 1;
  try {
    await check();
    console.log(`ok - ${what}`);
  } catch (error) {
    console.log(`not ok - ${what}`);
    console.log(String(error.stack ?? error));
    process.exitCode = 1;
  }
}

const funded = await DirectSecp256k1HdWallet.fromMnemonic(mnemonic, { prefix: "turn" });
const fresh = await DirectSecp256k1HdWallet.generate(24, { prefix: "turn" });
const [sender] = await funded.getAccounts();
const [receiver] = await fresh.getAccounts();
const client = await SigningStargateClient.connectWithSigner(url, funded, {
  gasPrice: GasPrice.fromString("0.025utoll"),
  broadcastPollIntervalMs: 100,
});
let sent;

await claim("connects and reads chain id and height", async () => {
  assert.equal(await client.getChainId(), "cosmjs-1");
  assert.ok((await client.getHeight()) >= 1);
});
await claim("the client of a 0.38 node is chosen by the version that it reports", async () => {
  assert.ok((await connectComet(url)) instanceof Comet38Client);
});
await claim("an account that never was is null, and has no balance", async () => {
  assert.equal(await client.getAccount(receiver.address), null);
  assert.deepEqual(await client.getAllBalances(receiver.address), []);
});
await claim("sends, with gas found by simulation", async () => {
  sent = await client.sendTokens(sender.address, receiver.address, coins(12345, "utoll"), "auto", "from CosmJS");
  assertIsDeliverTxSuccess(sent);
  assert.ok(sent.gasUsed < 80000n, `gas used ${sent.gasUsed}`);
});
await claim("reads the balance back", async () => {
  assert.deepEqual(await client.getBalance(receiver.address, "utoll"), { denom: "utoll", amount: "12345" });
});
await claim("finds the transaction by hash, with its events and message", async () => {
  const found = await client.getTx(sent.transactionHash);
  assert.equal(found.height, sent.height);
  assert.equal(found.code, 0);
  const transfer = found.events.find(
    (event) => event.type === "transfer" && event.attributes.some((a) => a.key === "recipient" && a.value === receiver.address),
  );
  assert.ok(transfer);
  assert.equal(found.msgResponses[0].typeUrl, "/cosmos.bank.v1beta1.MsgSendResponse");
});
await claim("finds it by sender and recipient, and by height", async () => {
  const byRecipient = await client.searchTx([{ key: "transfer.recipient", value: receiver.address }]);
  assert.deepEqual(byRecipient.map((tx) => tx.hash), [sent.transactionHash]);
  const byHeight = await client.searchTx(`tx.height=${sent.height}`);
  assert.ok(byHeight.some((tx) => tx.hash === sent.transactionHash));
});
await claim("reads the block that holds it", async () => {
  const block = await client.getBlock(sent.height);
  assert.equal(block.header.height, sent.height);
  assert.equal(block.txs.length, 1);
});
await claim("an unknown hash is null", async () => {
  assert.equal(await client.getTx("00".repeat(32)), null);
});
await claim("spending more than there is fails with the bank's words", async () => {
  const freshClient = await SigningStargateClient.connectWithSigner(url, fresh, { broadcastPollIntervalMs: 100 });
  const fee = { amount: coins(100, "utoll"), gas: "100000" };
  const result = await freshClient.sendTokens(receiver.address, sender.address, coins(999999, "utoll"), fee);
  assert.equal(result.code, 5);
  assert.match(result.rawLog ?? "", /insufficient funds/);
});
await claim("a transaction signed for another chain is refused", async () => {
  const account = await client.getAccount(sender.address);
  const message = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: { fromAddress: sender.address, toAddress: receiver.address, amount: coins(1, "utoll") },
  };
  const signed = await client.sign(sender.address, [message], { amount: coins(5000, "utoll"), gas: "200000" }, "", {
    accountNumber: account.accountNumber,
    sequence: account.sequence,
    chainId: "another-1",
  });
  await assert.rejects(client.broadcastTx(TxRaw.encode(signed).finish()), /signature verification failed/);
});
await claim("twenty in a row, without waiting in between", async () => {
  const account = await client.getAccount(sender.address);
  const message = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: { fromAddress: sender.address, toAddress: receiver.address, amount: coins(1, "utoll") },
  };
  const hashes = [];
  for (let i = 0; i < 20; i += 1) {
    const signed = await client.sign(sender.address, [message], { amount: coins(5000, "utoll"), gas: "200000" }, "", {
      accountNumber: account.accountNumber,
      sequence: account.sequence + i,
      chainId: "cosmjs-1",
    });
    hashes.push(await client.broadcastTxSync(TxRaw.encode(signed).finish()));
  }
  for (const hash of hashes) {
    let found = null;
    for (let i = 0; i < 100 && !found; i += 1) {
      found = await client.getTx(hash);
      if (!found) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(found?.code, 0);
  }
});
await claim("raw RPC: status, validators, commit, block results, consensus parameters decode", async () => {
  const comet = await Comet38Client.connect(url);
  const status = await comet.status();
  assert.match(status.nodeInfo.version, /^0\.38\./);
  assert.equal((await comet.validatorsAll(1)).validators.length, 1);
  const commit = await comet.commit(sent.height);
  assert.equal(commit.header.height, sent.height);
  const results = await comet.blockResults(sent.height);
  assert.equal(results.results.length, 1);
  assert.equal((await comet.blockSearchAll({ query: "block.height > 0" })).totalCount > 0, true);
  assert.equal((await comet.genesis()).chainId, "cosmjs-1");
  await comet.health();
  await comet.abciInfo();
  await comet.numUnconfirmedTxs();
  await comet.blockchain();
});
await claim("subscriptions over a WebSocket deliver blocks and transactions", async () => {
  const comet = await Comet38Client.connect(url.replace("http", "ws"));
  const blocks = [];
  const stream = comet.subscribeNewBlock().subscribe({ next: (block) => blocks.push(block) });
  const txs = [];
  const txStream = comet.subscribeTx(`transfer.recipient = '${receiver.address}'`).subscribe({ next: (tx) => txs.push(tx) });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const result = await client.sendTokens(sender.address, receiver.address, coins(7, "utoll"), "auto");
  for (let i = 0; i < 50 && (txs.length === 0 || blocks.length === 0); i += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  stream.unsubscribe();
  txStream.unsubscribe();
  comet.disconnect();
  assert.ok(blocks.length > 0);
  assert.equal(txs.length, 1);
  assert.equal(txs[0].height, result.height);
});
await claim("a read-only client needs no key", async () => {
  const reader = await StargateClient.connect(url);
  assert.equal((await reader.getBalance(receiver.address, "utoll")).amount, String(12345 - 100 + 20 + 7));
  reader.disconnect();
});
console.log(`1..${count}`);
client.disconnect();
// A WebSocket of CosmJS's that is told to disconnect while it unsubscribes stays open.
process.exit(process.exitCode ?? 0);
