# program: node
# packages: nodejs
# workload: npm install of a package from a tarball, an HTTP load on a server of its own with workers, compression, hashes and children
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

export HOME=$SCRATCH npm_config_cache=$SCRATCH/cache npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false npm_config_offline=true
mkdir "$SCRATCH/part" "$SCRATCH/app"
printf '{"name": "part", "version": "1.2.3", "main": "part.js", "scripts": {"install": "node -e \\"require(\x27fs\x27).writeFileSync(\x27built\x27, \x27yes\x27)\\""}}\n' > "$SCRATCH/part/package.json"
printf 'module.exports = n => Array.from({length: n}, (_, i) => i * i);\n' > "$SCRATCH/part/part.js"
printf '{"name": "app", "version": "1.0.0"}\n' > "$SCRATCH/app/package.json"
cd "$SCRATCH/part"
npm pack --silent
cd "$SCRATCH/app"
npm install --silent "$SCRATCH/part/part-1.2.3.tgz"
cat node_modules/part/built && echo
cat > work.js << 'JS'
const http = require('http'), zlib = require('zlib'), crypto = require('crypto'), fs = require('fs');
const {Worker, isMainThread, parentPort, workerData} = require('worker_threads');
const {execFileSync} = require('child_process');
const squares = require('part');

if (!isMainThread) {
  parentPort.postMessage(squares(workerData).reduce((a, b) => a + b, 0));
} else {
  const body = Buffer.from(squares(5000).join('\n'));
  const server = http.createServer((request, response) => {
    if (request.url === '/gzip') zlib.gzip(body, (error, packed) => response.end(packed));
    else if (request.url === '/file') fs.readFile(__filename, (error, text) => response.end(text));
    else response.end(crypto.createHash('sha256').update(request.url).digest('hex'));
  });
  const get = (port, path) => new Promise((done, failed) => http.get({port, path, host: '127.0.0.1', agent}, response => {
    const parts = [];
    response.on('data', part => parts.push(part)).on('end', () => done(Buffer.concat(parts)));
  }).on('error', failed));
  const agent = new http.Agent({keepAlive: true, maxSockets: 16});
  server.listen(0, '127.0.0.1', async () => {
    const port = server.address().port;
    const hash = crypto.createHash('sha256');
    for (let round = 0; round < 30; round++)
      for (const answer of await Promise.all(Array.from({length: 50}, (_, i) => get(port, '/' + round + '.' + i)))) hash.update(answer);
    for (const packed of await Promise.all(Array.from({length: 100}, () => get(port, '/gzip')))) hash.update(zlib.gunzipSync(packed));
    hash.update(await get(port, '/file'));
    console.log(hash.digest('hex'));
    const sums = await Promise.all([1000, 2000, 3000, 4000].map(n => new Promise(done => new Worker(__filename, {workerData: n}).on('message', done))));
    console.log(sums.join(' '));
    console.log(crypto.pbkdf2Sync('a', 'b', 20000, 32, 'sha256').toString('hex'));
    console.log(execFileSync('seq', ['3']).toString().trim().split('\n').join('+'));
    let tree = null;
    for (let i = 0; i < 2e6; i++) tree = {next: i % 1000 ? tree : null, i};
    console.log(tree.i);
    setTimeout(() => { agent.destroy(); server.close(() => process.exit(7)); }, 2500);
  });
}
JS
node work.js || echo "status $?"
node -e 'process.on("SIGTERM", () => { console.log("handled"); process.exit(3) }); setTimeout(() => process.kill(process.pid, "SIGTERM"), 200); setInterval(() => {}, 1000)' || echo "status $?"
node -e 'throw new Error("wrong")' 2> "$SCRATCH/err" || echo "status $? $(grep -c wrong "$SCRATCH/err")"
