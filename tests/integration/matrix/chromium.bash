# program: chromium
# packages: chromium
# workload: headless: renders a page, runs its script, dumps its DOM; without its zygote, which refuses to have a second thread
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

cat > "$SCRATCH/page.html" << 'HTML'
<!DOCTYPE html><title>page</title><body><script>
let sum = 0;
for (let i = 0; i < 5e6; i++) sum = (sum * 31 + i) % 1000003;
for (let i = 0; i < 500; i++) { const p = document.createElement('p'); p.textContent = i * sum; document.body.append(p); }
document.title = 'sum ' + sum;
</script></body>
HTML
timeout 100 chromium --headless --no-sandbox --no-zygote --disable-gpu --disable-dev-shm-usage --no-first-run --user-data-dir="$SCRATCH/profile" \
    --virtual-time-budget=3000 --dump-dom "file://$SCRATCH/page.html" 2> "$SCRATCH/err" > "$SCRATCH/dom" || echo "status $?"
sha256sum < "$SCRATCH/dom"
grep -o '<title>.*</title>' "$SCRATCH/dom"
